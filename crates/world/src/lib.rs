//! Hosts, files, services and a clock that Tribune owns, in memory.
