//! The guard: the charter on the wire, with holds, a record of every decision and a kill switch.
