//! The micro cases of the suite `smr`, one thread, in the ordinary way: `cargo bench -p benches`.

use std::hint::black_box;

use benches::subjects::{
    ArcSwap, CrossbeamEpoch, Fenced, Global, Gus, Haphazard, Kovan, Payload, Private, Reclaim, Sdd,
    Sections, Seize, Shelf,
};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};

type Group<'a> = BenchmarkGroup<'a, WallTime>;

fn enter<S: Reclaim>(group: &mut Group<'_>) {
    let subject = S::new();
    let shelf = Shelf::new(&subject, 1, |_| Payload::default());
    let mut local = subject.local();
    group.bench_function(S::NAME, |b| {
        b.iter(|| subject.read(&mut local, black_box(shelf.cell(0)), |item| item[0]));
    });
}

fn nested<S: Sections>(group: &mut Group<'_>) {
    let subject = S::new();
    let shelf = Shelf::new(&subject, 1, |_| Payload::default());
    let mut local = subject.local();
    group.bench_function(S::NAME, |b| {
        subject.section(|| {
            b.iter(|| subject.read(&mut local, black_box(shelf.cell(0)), |item| item[0]));
        });
    });
}

fn churn<S: Reclaim>(group: &mut Group<'_>) {
    let subject = S::new();
    let shelf = Shelf::new(&subject, 1, |_| Payload::default());
    let mut local = subject.local();
    group.bench_function(S::NAME, |b| {
        b.iter(|| {
            let value = black_box(Payload::default());
            subject.overwrite(&mut local, shelf.pool(), black_box(shelf.cell(0)), value);
        });
    });
}

fn smr(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("enter + load + exit");
    enter::<Gus<Global>>(&mut group);
    enter::<Gus<Private>>(&mut group);
    enter::<Gus<Fenced>>(&mut group);
    enter::<CrossbeamEpoch>(&mut group);
    enter::<Seize>(&mut group);
    enter::<Haphazard>(&mut group);
    enter::<Sdd>(&mut group);
    enter::<Kovan>(&mut group);
    enter::<ArcSwap>(&mut group);
    group.finish();

    let mut group = criterion.benchmark_group("enter + load + exit, nested");
    nested::<Gus<Global>>(&mut group);
    nested::<Gus<Private>>(&mut group);
    nested::<Gus<Fenced>>(&mut group);
    nested::<CrossbeamEpoch>(&mut group);
    nested::<Seize>(&mut group);
    nested::<Sdd>(&mut group);
    nested::<Kovan>(&mut group);
    group.finish();

    let mut group = criterion.benchmark_group("alloc + swap + retire 48 bytes");
    churn::<Gus<Global>>(&mut group);
    churn::<Gus<Private>>(&mut group);
    churn::<Gus<Fenced>>(&mut group);
    churn::<CrossbeamEpoch>(&mut group);
    churn::<Seize>(&mut group);
    churn::<Haphazard>(&mut group);
    churn::<Sdd>(&mut group);
    churn::<Kovan>(&mut group);
    churn::<ArcSwap>(&mut group);
    group.finish();
}

criterion_group!(benches, smr);
criterion_main!(benches);
