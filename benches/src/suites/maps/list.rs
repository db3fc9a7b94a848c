//! The words that are keys in the suites of maps, and their packed form.
//!
//! Packed: a magic word, then, deflated, for each word how many bytes it shares with the start of
//! the one before, the bytes that it does not, and a line feed.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

const MAGIC: &[u8; 8] = b"words\0\0\x01";

/// The words that the crate carries, in the order of the list.
///
/// # Panics
/// If the file in the crate is not what it should be.
pub fn words() -> Vec<String> {
    unpack(include_bytes!("../../../data/words.bin")).expect("the crate's own data")
}

/// Packs words.
///
/// # Panics
/// If one of them has a line feed in it.
pub fn pack(words: &[String]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut last: &[u8] = &[];
    for word in words.iter().map(String::as_bytes) {
        assert!(!word.contains(&b'\n'), "a word is part of a line");
        let alike = word.iter().zip(last).take_while(|(a, b)| a == b).count();
        let shared = u8::try_from(alike).unwrap_or(u8::MAX);
        plain.push(shared);
        plain.extend_from_slice(&word[shared.into()..]);
        plain.push(b'\n');
        last = word;
    }
    let mut packed = DeflateEncoder::new(MAGIC.to_vec(), Compression::best());
    packed.write_all(&plain).expect("memory does not fail");
    packed.finish().expect("memory does not fail")
}

/// Unpacks what [`pack`] made.
///
/// # Errors
/// If it did not.
pub fn unpack(packed: &[u8]) -> Result<Vec<String>, &'static str> {
    let deflated = packed.strip_prefix(MAGIC).ok_or("not packed words")?;
    let mut plain = Vec::new();
    DeflateDecoder::new(deflated)
        .read_to_end(&mut plain)
        .map_err(|_| "damaged")?;
    let mut rest = plain.as_slice();
    let mut words: Vec<String> = Vec::new();
    while let Some((&shared, after)) = rest.split_first() {
        let end = after.iter().position(|&b| b == b'\n').ok_or("truncated")?;
        let last = words.last().map_or(&[][..], |w| w.as_bytes());
        let start = last.get(..shared.into()).ok_or("too much is shared")?;
        let word = [start, &after[..end]].concat();
        words.push(String::from_utf8(word).map_err(|_| "not text")?);
        rest = &after[end + 1..];
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn round_trip() {
        // The last two share a byte of their last letters.
        let words = [
            "",
            "a",
            "abacus",
            "abacuses",
            "b",
            "",
            "caf\u{e9}",
            "caf\u{e8}",
        ];
        let words: Vec<String> = words.map(str::to_owned).into();
        assert_eq!(unpack(&pack(&words)).unwrap(), words);
        assert_eq!(unpack(&pack(&[])).unwrap(), [""; 0]);
        let long = ["x".repeat(300), "x".repeat(301)];
        assert_eq!(unpack(&pack(&long)).unwrap(), long);
    }

    #[test]
    fn bad_input_is_refused() {
        assert!(unpack(b"something else").is_err());
        let packed = pack(&["word".to_owned(), "words".to_owned()]);
        for length in 0..packed.len() {
            assert!(unpack(&packed[..length]).is_err());
        }
    }

    #[test]
    fn the_carried_list() {
        let words = words();
        assert!(words.len() > 300_000);
        assert_eq!(words.iter().collect::<HashSet<_>>().len(), words.len());
        assert!(words.iter().all(|w| !w.contains(char::is_whitespace)));
        assert_eq!(unpack(&pack(&words)).unwrap(), words);
    }
}
