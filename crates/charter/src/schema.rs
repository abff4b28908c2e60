//! What rules can speak of: the schema of requests, and the names that a charter fills it with.

use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

use cedar_policy::{Entities, EntityId, EntityTypeName, EntityUid, Schema, Validator};
use tribune_evidence::{Behaviour, Sensor, Verb, Zone};

use crate::error::CharterError;

/// The schema as text, for the guide and for whoever writes rules.
pub const SCHEMA: &str = include_str!("charter.cedarschema");

/// The groups of verbs.
pub(crate) const GROUPS: [&str; 7] = [
    "file.look",
    "file.change",
    "model.change",
    "model.end",
    "net.any",
    "talk",
    "wait",
];

/// How an agent can stand to whose a target is.
pub(crate) const RELATIONS: [&str; 9] = [
    "self",
    "peer",
    "reviews",
    "reviewed-by",
    "manages",
    "managed-by",
    "parent",
    "child",
    "shares-history",
];

/// What saw a call.
pub(crate) const SENSORS: [(Sensor, &str); 8] = [
    (Sensor::Runner, "runner"),
    (Sensor::Chat, "chat"),
    (Sensor::Tools, "tools"),
    (Sensor::World, "world"),
    (Sensor::Wire, "wire"),
    (Sensor::Judge, "judge"),
    (Sensor::Hook, "hook"),
    (Sensor::Mcp, "mcp"),
];

pub(crate) fn sensor_name(sensor: Sensor) -> &'static str {
    SENSORS
        .iter()
        .find(|(known, _)| *known == sensor)
        .map_or("runner", |(_, name)| name)
}

pub(crate) const fn zone_name(zone: Zone) -> &'static str {
    match zone {
        Zone::Inside => "inside",
        Zone::Outside => "outside",
    }
}

/// The types of things in requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Type {
    Role,
    Agent,
    Kind,
    Asset,
    Zone,
    Target,
    Behaviour,
    Relation,
    Sensor,
    Verb,
    Action,
}

impl Type {
    pub(crate) const ALL: [Self; 11] = [
        Self::Role,
        Self::Agent,
        Self::Kind,
        Self::Asset,
        Self::Zone,
        Self::Target,
        Self::Behaviour,
        Self::Relation,
        Self::Sensor,
        Self::Verb,
        Self::Action,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "Role",
            Self::Agent => "Agent",
            Self::Kind => "Kind",
            Self::Asset => "Asset",
            Self::Zone => "Zone",
            Self::Target => "Target",
            Self::Behaviour => "Behaviour",
            Self::Relation => "Relation",
            Self::Sensor => "Sensor",
            Self::Verb => "Verb",
            Self::Action => "Action",
        }
    }

    /// How people call it.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Agent => "agent",
            Self::Kind => "kind of asset",
            Self::Asset => "asset",
            Self::Zone => "zone",
            Self::Target => "target",
            Self::Behaviour => "behaviour",
            Self::Relation => "relation",
            Self::Sensor => "sensor",
            Self::Verb | Self::Action => "verb",
        }
    }
}

/// The schema, read once, and the types of its things.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) schema: Schema,
    pub(crate) validator: Validator,
    /// The verbs and their groups, without which no rule can name a group.
    pub(crate) verbs: Entities,
    types: HashMap<Type, EntityTypeName>,
    actions: HashMap<Verb, (EntityUid, Entities)>,
}

impl Terms {
    /// The terms, which are the same for every charter.
    pub(crate) fn shared() -> Result<&'static Self, CharterError> {
        static TERMS: OnceLock<Result<Terms, String>> = OnceLock::new();
        TERMS
            .get_or_init(|| Self::new().map_err(|error| error.to_string()))
            .as_ref()
            .map_err(|error| CharterError::Schema(error.clone()))
    }

    fn new() -> Result<Self, CharterError> {
        let wrong = |error: &dyn std::fmt::Display| CharterError::Schema(error.to_string());
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|error| wrong(&error))?;
        let verbs = Entities::from_entities([], Some(&schema)).map_err(|error| wrong(&error))?;
        let mut types = HashMap::new();
        for kind in Type::ALL {
            let name: EntityTypeName = kind.as_str().parse().map_err(|error| wrong(&error))?;
            types.insert(kind, name);
        }
        let mut terms = Self {
            validator: Validator::new(schema.clone()),
            schema,
            verbs,
            types,
            actions: HashMap::new(),
        };
        for verb in Verb::ALL {
            let uid = terms.uid(Type::Action, verb.as_str())?;
            // A request has one verb; the others would only be carried along.
            let own = terms.verbs.get(&uid).cloned();
            let own = Entities::from_entities(own, None).map_err(|error| wrong(&error))?;
            terms.actions.insert(*verb, (uid, own));
        }
        Ok(terms)
    }

    /// The thing of a type and a name.
    pub(crate) fn uid(&self, kind: Type, name: &str) -> Result<EntityUid, CharterError> {
        let type_name = self.types.get(&kind);
        let type_name = type_name.ok_or_else(|| CharterError::Schema(kind.as_str().to_owned()))?;
        Ok(EntityUid::from_type_name_and_id(
            type_name.clone(),
            EntityId::new(name),
        ))
    }

    /// The action of a verb.
    pub(crate) fn action(&self, verb: Verb) -> Result<EntityUid, CharterError> {
        self.of_verb(verb).map(|(uid, _)| uid.clone())
    }

    /// The action of a verb, and all that it is in.
    pub(crate) fn of_verb(&self, verb: Verb) -> Result<&(EntityUid, Entities), CharterError> {
        let known = self.actions.get(&verb);
        known.ok_or_else(|| CharterError::Schema(verb.as_str().to_owned()))
    }
}

/// The names that rules may give to things, by type. Of targets any name is one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) roles: BTreeSet<String>,
    pub(crate) agents: BTreeSet<String>,
    pub(crate) kinds: BTreeSet<String>,
    pub(crate) assets: BTreeSet<String>,
}

impl Names {
    /// All names of a type, or nothing where any is one.
    pub(crate) fn of(&self, kind: Type) -> Option<Vec<&str>> {
        Some(match kind {
            Type::Role => self.roles.iter().map(String::as_str).collect(),
            Type::Agent => self.agents.iter().map(String::as_str).collect(),
            Type::Kind => self.kinds.iter().map(String::as_str).collect(),
            Type::Asset => self.assets.iter().map(String::as_str).collect(),
            Type::Zone => vec!["inside", "outside"],
            Type::Behaviour => Behaviour::ALL.iter().map(|it| it.as_str()).collect(),
            Type::Relation => RELATIONS.to_vec(),
            Type::Sensor => SENSORS.iter().map(|(_, name)| *name).collect(),
            Type::Verb => Verb::ALL.iter().map(|it| it.as_str()).collect(),
            Type::Action => {
                let verbs = Verb::ALL.iter().map(|it| it.as_str());
                verbs.chain(GROUPS).collect()
            }
            Type::Target => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_knows_every_verb_and_group_and_nothing_else() {
        let terms = Terms::new().unwrap();
        let mut known: Vec<String> = terms
            .schema
            .actions()
            .map(|it| it.id().unescaped().to_owned())
            .collect();
        known.sort();
        let mut named: Vec<String> = Verb::ALL
            .iter()
            .map(|it| it.as_str())
            .chain(GROUPS)
            .map(str::to_owned)
            .collect();
        named.sort();
        assert_eq!(known, named);
        let groups: BTreeSet<String> = terms
            .schema
            .action_groups()
            .map(|it| it.id().unescaped().to_owned())
            .collect();
        assert_eq!(groups, GROUPS.map(str::to_owned).into());
    }

    #[test]
    fn sensors_have_the_names_of_the_record() {
        for (sensor, name) in SENSORS {
            assert_eq!(
                serde_json::to_value(sensor).unwrap(),
                serde_json::Value::from(name)
            );
        }
    }
}
