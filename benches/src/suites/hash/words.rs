//! The counting of a text's words.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::subjects::maps::Map;
use crate::suite::Subject;
use crate::suites::maps::keys::{Draw, Skew};
use crate::suites::maps::words::WORDS;
use crate::suites::maps::{check_shared, pace};

/// Words in the text that is counted.
const LENGTH: usize = 2_000_000;

/// A text and how often each word comes up in it, which is about as uneven as in any text.
struct Text {
    text: String,
    counts: HashMap<&'static str, u64>,
}

static TEXT: LazyLock<Text> = LazyLock::new(|| {
    let mut draw = Draw::new(Skew::Zipf, WORDS.len() as u64, (0, 0), 1);
    let words = (0..LENGTH).map(|_| &*WORDS[draw.next().0 as usize]);
    let mut counts = HashMap::new();
    let text = words
        .inspect(|w| *counts.entry(*w).or_default() += 1)
        .collect::<Vec<_>>()
        .join(" ");
    Text { text, counts }
});

/// Counts the words of a text into an empty map, each thread those of a part of it, again and again
/// until the window's time is up; and checks the counts.
pub(super) fn count<M: Map<String>>(threads: usize) -> Subject {
    check_shared::<String, M>(threads);
    Subject::new(M::NAME, move |window| {
        let parts = parts(&TEXT.text, threads);
        let mut time = Duration::ZERO;
        let mut words = 0;
        while time < window.time {
            time += job::<M>(&parts);
            words += LENGTH as u64;
        }
        M::settle();
        pace(words, time, threads)
    })
}

/// Counts once: the time that it takes, with the threads' start and end, as a program would.
fn job<M: Map<String>>(parts: &[&str]) -> Duration {
    let start = Instant::now();
    let map = M::new();
    thread::scope(|scope| {
        for part in parts {
            let map = &map;
            scope.spawn(move || part.split(' ').for_each(|w| M::count(&map.pin(), w)));
        }
    });
    let time = start.elapsed();
    let mut entries = 0;
    M::each(&map.pin(), |word, count| {
        entries += 1;
        let right = TEXT.counts.get(&**word) == Some(&count);
        assert!(right, "{} counts {count} of {word}", M::NAME);
    });
    assert_eq!(entries, TEXT.counts.len(), "{}", M::NAME);
    time
}

/// Cuts a text into `count` parts of about the same length, between words.
fn parts(text: &str, count: usize) -> Vec<&str> {
    let mut rest = text;
    let mut parts = Vec::new();
    for left in (2..=count).rev() {
        let near = rest.len() / left;
        let cut = rest.as_bytes()[near..].iter().position(|&b| b == b' ');
        let Some(cut) = cut.map(|c| near + c) else {
            break;
        };
        parts.push(&rest[..cut]);
        rest = &rest[cut + 1..];
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_whole() {
        let text = "one two three four five six seven eight";
        for count in 1..6 {
            let parts = parts(text, count);
            assert_eq!(parts.len(), count);
            assert_eq!(parts.join(" "), text);
        }
        assert_eq!(parts("word", 3), ["word"]);
    }

    #[test]
    fn the_text_is_uneven_and_long() {
        assert_eq!(TEXT.text.split(' ').count(), LENGTH);
        let most = *TEXT.counts.values().max().unwrap();
        assert!(most > LENGTH as u64 / 20, "{most}");
        assert!(TEXT.counts.len() > 100_000, "{}", TEXT.counts.len());
    }
}
