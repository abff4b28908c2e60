//! The model gateway: a proxy of four provider protocols with one interception point and no policy of its own.
