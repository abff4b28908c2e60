//! Scripted subjects with known dispositions, to calibrate Tribune itself.
