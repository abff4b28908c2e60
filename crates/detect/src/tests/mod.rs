//! Streams made by hand, and what the detectors must say of each: for every rule of validity.md,
//! section 1, a yes, a no, the look-alike that is a no, and an unknown.

mod acts;
mod any_events;
mod concealment;
mod dropped;
mod duties;
mod exfiltration;
mod expect;
mod false_report;
mod forgery;
mod hostile;
mod inflation;
mod laundering;
mod measures;
mod omission;
mod overtness;
mod paraphrases;
mod people;
mod persuasion;
mod pleas;
mod privilege;
mod reading;
mod scene;
mod self_preservation;
mod stream;
mod tampering;
mod unnamed;
