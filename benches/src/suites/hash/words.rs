//! Words as keys: lookups, a mixture, and the counting of a text's words.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;

use super::kept::{Use, kept};
use super::keys::{Draw, Skew};
use super::verdict::Half;
use super::{list, rate};
use crate::measure::{self, Crew};
use crate::subjects::maps::Map;
use crate::suite::Subject;

/// Words in the text that is counted.
const LENGTH: usize = 2_000_000;

/// The list in an order of its own, the same in every run.
static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut words = list::words();
    words.shuffle(&mut SmallRng::seed_from_u64(1));
    words
});

/// How many there are.
pub(super) fn number() -> usize {
    WORDS.len()
}

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

/// A map with each `step`-th word and its number.
fn filled<M: Map<String>>(step: usize) -> M {
    let map = M::new();
    for (number, word) in (0..).zip(&*WORDS).step_by(step) {
        assert!(M::insert(&map.pin(), word.clone(), number));
    }
    map
}

/// Lookups of words that are there.
pub(super) fn get<M: Map<String>>(threads: usize) -> Subject {
    super::check_shared::<String, M>(threads);
    Subject::new(M::NAME, move |window| {
        let n = WORDS.len() as u64;
        let (map, run) = kept(Use::Read, n, || filled::<M>(1));
        let crew = Crew::new(threads, |thread| {
            let map = &*map;
            let mut draw = Draw::new(Skew::Uniform, n, (run, thread), threads);
            measure::each(move || {
                let (number, _) = draw.next();
                let found = M::get(&map.pin(), &WORDS[number as usize]);
                assert_eq!(found, Some(number), "{}", M::NAME);
            })
        });
        rate(measure::run_alone(window, &crew), window)
    })
}

/// Half look up, a quarter add, a quarter remove; any word may be there or not.
pub(super) fn mix<M: Map<String>>(threads: usize) -> Subject {
    super::check_shared::<String, M>(threads);
    Subject::new(M::NAME, move |window| {
        let n = WORDS.len() as u64;
        let (map, run) = kept(Use::Mix, n, || filled::<M>(2));
        let crew = Crew::new(threads, |thread| {
            let map = &*map;
            let mut draw = Draw::new(Skew::Uniform, n, (run, thread), threads);
            let mut half = Half::new(M::NAME);
            measure::each(move || {
                let (number, percentage) = draw.next();
                let word = &WORDS[number as usize];
                let pin = map.pin();
                half.note(match percentage {
                    0..50 => M::get(&pin, word).is_some_and(|v| {
                        assert_eq!(v, number, "{}", M::NAME);
                        true
                    }),
                    50..75 => M::insert(&pin, word.clone(), number),
                    _ => M::remove(&pin, word),
                });
            })
        });
        let readings = rate(measure::run_alone(window, &crew), window);
        M::settle();
        readings
    })
}

/// Counts the words of a text into an empty map, each thread those of a part of it, again and again
/// until the window's time is up; and checks the counts.
pub(super) fn count<M: Map<String>>(threads: usize) -> Subject {
    super::check_shared::<String, M>(threads);
    Subject::new(M::NAME, move |window| {
        let parts = parts(&TEXT.text, threads);
        let mut time = Duration::ZERO;
        let mut words = 0;
        while time < window.time {
            time += job::<M>(&parts);
            words += LENGTH as u64;
        }
        M::settle();
        super::pace(words, time, threads)
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
