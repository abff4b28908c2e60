//! Macros that write the types of the protocols, so that each type is a list of names.

/// An object with the fields that Tribune reads; all others stay in `rest`. Fields are written in
/// the order in which they stand, the rest after them.
macro_rules! object {
    ($(
        $(#[$outer:meta])*
        pub struct $name:ident {
            $( $(#[$doc:meta])* $field:ident: $kind:ty = $key:literal, )*
        }
    )*) => {$(
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $name {
            $( $(#[$doc])* pub $field: $crate::Field<$kind>, )*
            /// All other fields.
            pub rest: ::serde_json::Map<String, ::serde_json::Value>,
        }

        impl $crate::json::Json for $name {
            fn from_value(value: ::serde_json::Value) -> Result<Self, ::serde_json::Value> {
                let ::serde_json::Value::Object(mut rest) = value else {
                    return Err(value);
                };
                Ok(Self {
                    $( $field: $crate::Field::take(&mut rest, $key), )*
                    rest,
                })
            }

            fn into_value(self) -> ::serde_json::Value {
                let mut map = self.rest;
                $( self.$field.put(&mut map, $key); )*
                ::serde_json::Value::Object(map)
            }

            fn from_map<'de, A: ::serde::de::MapAccess<'de>>(
                mut map: A,
            ) -> Result<Result<Self, ::serde_json::Value>, A::Error> {
                struct Key;
                impl ::serde::de::Visitor<'_> for Key {
                    type Value = Result<&'static str, String>;
                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str("a key")
                    }
                    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
                        Ok(match key {
                            $( $key => Ok($key), )*
                            other => Err(other.to_owned()),
                        })
                    }
                }
                impl<'de> ::serde::de::DeserializeSeed<'de> for Key {
                    type Value = Result<&'static str, String>;
                    fn deserialize<D: ::serde::Deserializer<'de>>(
                        self,
                        deserializer: D,
                    ) -> Result<Self::Value, D::Error> {
                        deserializer.deserialize_str(self)
                    }
                }
                let mut read = Self::default();
                while let Some(key) = map.next_key_seed(Key)? {
                    match key {
                        $( Ok($key) => read.$field = map.next_value()?, )*
                        Ok(other) => {
                            read.rest.insert(other.to_owned(), map.next_value()?);
                        }
                        Err(other) => {
                            read.rest.insert(other, map.next_value()?);
                        }
                    }
                }
                Ok(Ok(read))
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use ::serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(None)?;
                $( if !self.$field.is_absent() {
                    map.serialize_entry($key, &self.$field)?;
                } )*
                for (key, value) in &self.rest {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }

        $crate::object::deserialize!($name, "an object");
    )*};
}

/// A value that has one of several forms.
macro_rules! either {
    ($(
        $(#[$outer:meta])*
        pub enum $name:ident {
            $( $(#[$doc:meta])* $variant:ident($kind:ty), )*
        }
    )*) => {$(
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $name {
            $( $(#[$doc])* $variant($kind), )*
        }

        impl $crate::json::Json for $name {
            fn from_value(value: ::serde_json::Value) -> Result<Self, ::serde_json::Value> {
                $( let value = match <$kind as $crate::json::Json>::from_value(value) {
                    Ok(known) => return Ok(Self::$variant(known)),
                    Err(other) => other,
                }; )*
                Err(value)
            }

            fn into_value(self) -> ::serde_json::Value {
                match self {
                    $( Self::$variant(known) => $crate::json::Json::into_value(known), )*
                }
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$variant(known) => ::serde::Serialize::serialize(known, serializer), )*
                }
            }
        }

        $crate::object::deserialize!($name, "a known form");
    )*};
}

/// A word out of a list that may grow.
macro_rules! words {
    ($(
        $(#[$outer:meta])*
        pub enum $name:ident {
            $( $(#[$doc:meta])* $variant:ident = $word:literal, )*
        }
    )*) => {$(
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $( $(#[$doc])* $variant, )*
            /// Another word.
            Other(String),
        }

        impl $name {
            /// The word for it on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $word, )*
                    Self::Other(word) => word,
                }
            }
        }

        impl $crate::json::Json for $name {
            fn from_value(value: ::serde_json::Value) -> Result<Self, ::serde_json::Value> {
                match value {
                    ::serde_json::Value::String(word) => Ok(match word.as_str() {
                        $( $word => Self::$variant, )*
                        _ => Self::Other(word),
                    }),
                    other => Err(other),
                }
            }

            fn into_value(self) -> ::serde_json::Value {
                match self {
                    Self::Other(word) => ::serde_json::Value::String(word),
                    known => ::serde_json::Value::String(known.as_str().to_owned()),
                }
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        $crate::object::deserialize!($name, "a word");
    )*};
}

/// Reading by whichever of the ways of [`Json`](crate::Json) fits.
macro_rules! deserialize {
    ($name:ident, $expected:literal) => {
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                let reader = $crate::json::Reader::<Self>::new();
                ::serde::de::DeserializeSeed::deserialize(reader, deserializer)?.map_err(|_| {
                    <D::Error as ::serde::de::Error>::custom(concat!("expected ", $expected))
                })
            }
        }
    };
}

pub(crate) use {deserialize, either, object, words};
