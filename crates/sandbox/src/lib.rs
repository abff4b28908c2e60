//! Confinement of processes on Linux, and what of it was achieved.
