//! Visits of all words that begin alike.

use std::hint::black_box;
use std::sync::LazyLock;

use crate::measure::{self, Crew};
use crate::subjects::ordered::Words;
use crate::suite::Subject;
use crate::suites::maps::kept::{Use, kept};
use crate::suites::maps::keys::{Draw, Skew};
use crate::suites::maps::verdict::Verdict;
use crate::suites::maps::words::WORDS;
use crate::suites::maps::{check_shared, rate, words};

/// So many bytes; fewer where that would cut a letter in two. Of a word drawn at random 38 have them, on
/// the average.
const BYTES: usize = 5;

/// What a word begins with.
struct Start {
    text: &'static str,
    /// How many begin with it, and the sum of their numbers.
    words: u64,
    sum: u64,
}

/// The starts of the words that are not shorter, in the order of the list.
static STARTS: LazyLock<Vec<Start>> = LazyLock::new(|| {
    let mut sorted: Vec<(&str, u64)> = WORDS.iter().map(String::as_str).zip(0..).collect();
    sorted.sort_unstable();
    let long = WORDS.iter().filter(|word| word.len() >= BYTES);
    long.map(|word| start(&sorted, &word[..word.floor_char_boundary(BYTES)]))
        .collect()
});

fn start(sorted: &[(&str, u64)], text: &'static str) -> Start {
    let from = sorted.partition_point(|(word, _)| *word < text);
    let alike = sorted[from..].iter();
    let alike = alike.take_while(|(word, _)| word.starts_with(text));
    let (words, sum) = alike.fold((0, 0), |(words, sum), (_, number)| {
        (words + 1, sum + number)
    });
    Start { text, words, sum }
}

/// All the words that begin as one drawn at random does; each visit is an operation.
pub(super) fn begin_alike<M: Words>(threads: usize) -> Subject {
    check_shared::<String, M>(threads);
    Subject::new(M::NAME, move |window| {
        let (map, run) = kept(Use::Read, WORDS.len() as u64, || words::filled::<M>(1));
        let verdict = Verdict::new::<String, M>();
        let crew = Crew::new(threads, |thread| {
            let (map, verdict) = (map.local(threads), &verdict);
            let n = STARTS.len() as u64;
            let mut draw = Draw::new(Skew::Uniform, n, (run, thread), threads);
            measure::each(move || {
                let number = draw.next().0;
                let start = &STARTS[number as usize];
                let (mut found, mut sum, mut letters) = (0, 0, 0u64);
                M::begin_with(&map.pin(), start.text, |word, v| {
                    found += 1;
                    sum += v;
                    let letter = word.as_bytes().last().copied();
                    letters = letters.wrapping_add(letter.unwrap_or(0).into());
                });
                black_box(letters);
                verdict.check((found, sum) == (start.words, start.sum), number);
            })
        });
        verdict.on(rate(measure::run_alone(window, &crew), window))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_words_begin_alike() {
        let words: u64 = STARTS.iter().map(|start| start.words).sum();
        let mean = words / STARTS.len() as u64;
        assert_eq!(mean, 38);
        let of_one = STARTS.iter().find(|start| start.text == "zebra").unwrap();
        let zebras = (0..)
            .zip(&*WORDS)
            .filter(|(_, word)| word.starts_with("zebra"));
        let (count, sum) = zebras.fold((0, 0), |(count, sum), (n, _)| (count + 1, sum + n));
        assert_eq!((of_one.words, of_one.sum), (count, sum));
    }
}
