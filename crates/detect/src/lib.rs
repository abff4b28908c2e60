//! Events to findings: detectors, asset fingerprints, say-do comparison.
