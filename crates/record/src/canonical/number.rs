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
    use std::io::Write;

    if !value.is_finite() {
        return Err(CanonicalError::NotFinite(value));
    }
    if value == 0.0 {
        // Negative zero too: ECMAScript writes both as 0.
        out.push(b'0');
        return Ok(());
    }
    if value < 0.0 {
        out.push(b'-');
    }
    // Rust's exponent form has the fewest digits that read back as the same double and, of those,
    // the closest: what ECMAScript asks for. Only the layout differs.
    let mut buffer = [0_u8; 32];
    let mut cursor = std::io::Cursor::new(&mut buffer[..]);
    // INVARIANT: at most 17 digits, a point, an 'e' and 4 more: 32 bytes always suffice.
    write!(cursor, "{:e}", value.abs()).map_err(|error| CanonicalError::Custom(error.to_string()))?;
    let length = cursor.position() as usize;
    let text = &buffer[..length];
    let split = text.iter().position(|&byte| byte == b'e').unwrap_or(length);
    let exponent: i32 = std::str::from_utf8(text.get(split + 1..).unwrap_or_default())
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let mut mantissa = [0_u8; 24];
    let mut count = 0;
    for &byte in text[..split].iter().filter(|&&byte| byte != b'.') {
        mantissa[count] = byte;
        count += 1;
    }
    layout(out, &mantissa[..count], exponent + 1);
    Ok(())
}

/// Lays out digits whose decimal point stands after `point` of them.
fn layout(out: &mut Vec<u8>, digits: &[u8], point: i32) {
    let count = digits.len() as i32;
    if (count..=21).contains(&point) {
        out.extend_from_slice(digits);
        out.extend(std::iter::repeat_n(b'0', (point - count) as usize));
    } else if (1..=21).contains(&point) {
        out.extend_from_slice(&digits[..point as usize]);
        out.push(b'.');
        out.extend_from_slice(&digits[point as usize..]);
    } else if (-5..=0).contains(&point) {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', (-point) as usize));
        out.extend_from_slice(digits);
    } else {
        out.push(digits[0]);
        if digits.len() > 1 {
            out.push(b'.');
            out.extend_from_slice(&digits[1..]);
        }
        let exponent = point - 1;
        out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
        self::digits(out, u64::from(exponent.unsigned_abs()));
    }
}
