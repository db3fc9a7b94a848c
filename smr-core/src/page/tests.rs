//! How pages are divided.

use super::*;

fn plan(size: usize, align: usize) -> Option<Plan> {
    Plan::of(Layout::from_size_align(size, align).unwrap())
}

/// Slots lie in the page, behind its head and its bits, and are aligned.
#[test]
fn slots_fit() {
    for align in (0..14).map(|log| 1 << log) {
        for size in (align..=PAGE).step_by(align) {
            let Some(plan) = plan(size, align) else {
                assert!(
                    size * LEAST + align + 2 * HEAD > SIZE,
                    "{size} bytes aligned to {align}"
                );
                continue;
            };
            assert!(plan.len >= LEAST);
            assert!(HEAD + plan.words() * size_of::<usize>() <= plan.first);
            assert!(plan.first + plan.len * size <= SIZE);
            assert_eq!(plan.first % align, 0);
        }
    }
}

/// Ours: the size of eight slots wrapped.
#[test]
fn large_slots_have_no_pages() {
    let most = isize::MAX.cast_unsigned();
    for size in [
        SIZE / LEAST,
        PAGE,
        most / 8,
        most / 4 + 1,
        most / 2 + 1,
        most,
    ] {
        assert!(plan(size, 1).is_none(), "{size}");
    }
}

/// Ours: who was refused made way for the next.
#[test]
fn one_thread_takes_at_a_time() {
    let kind = &Kind::of::<u64>();
    let source = Source::make(kind).expect("there is memory");
    // SAFETY: made just now.
    let taken = unsafe { source.as_ref() };
    let taker = Taker::claim(taken).expect("nobody has it");
    for _ in 0..3 {
        assert!(Taker::claim(taken).is_none());
    }
    drop(taker);
    drop(Taker::claim(taken).expect("nobody has it any more"));
    let plan = kind.plan().expect("they are small");
    // SAFETY: of `make`, and nobody else uses it.
    unsafe { Source::free(source, kind, plan) };
}
