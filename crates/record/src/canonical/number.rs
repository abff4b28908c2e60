//! Numbers as ECMAScript writes them, which RFC 8785 prescribes.

use super::CanonicalError;

/// 2^53: every integer up to it, and no further, has a double of its own.
const EXACT: u64 = 1 << 53;

/// Writes an unsigned integer.
pub(super) fn unsigned(out: &mut Vec<u8>, value: u64) -> Result<(), CanonicalError> {
    if value > EXACT {
        return Err(CanonicalError::Integer(value.to_string()));
    }
    digits(out, value);
    Ok(())
}

/// Writes a signed integer.
pub(super) fn signed(out: &mut Vec<u8>, value: i64) -> Result<(), CanonicalError> {
    if value.unsigned_abs() > EXACT {
        return Err(CanonicalError::Integer(value.to_string()));
    }
    if value < 0 {
        out.push(b'-');
    }
    digits(out, value.unsigned_abs());
    Ok(())
}

fn digits(out: &mut Vec<u8>, mut value: u64) {
    let mut buffer = [0_u8; 20];
    let mut start = buffer.len();
    loop {
        start -= 1;
        buffer[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&buffer[start..]);
}

/// Writes a double as `Number.prototype.toString` does (ECMA-262, section 6.1.6.1.20).
pub(super) fn double(out: &mut Vec<u8>, value: f64) -> Result<(), CanonicalError> {
    if !value.is_finite() {
        return Err(CanonicalError::NotFinite(value));
    }
    // Most doubles that are recorded are whole, and those are plain digits in ECMAScript too.
    if value.fract() == 0.0 && value.abs() <= EXACT as f64 {
        return signed(out, value as i64);
    }
    // Of two shortest texts that are equally close ECMAScript takes the even one and Rust's own
    // formatting the other: 1424953923781206.25 is an example. The reference has it right.
    serde_json_canonicalizer::to_writer(&value, out)
        .map_err(|error| CanonicalError::Custom(error.to_string()))
}
