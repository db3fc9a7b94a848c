//! Keys whose drop panics, given to operations that change nothing: of each map that takes drafts of entries.

macro_rules! nothing_is_lost_with_fuses {
    ($map:ident) => {{
        use structures::testing::payload::Fuse;

        let tally = Tally::default();
        let fuse = Fuse::default();
        let map = $map::<Fuse, Counted>::builder().domain(&Smr::new()).build();
        for there in [0, 1] {
            for which in 0..5 {
                // Made before it is armed.
                let (key, made) = (fuse.clone(), tally.item(0));
                fuse.arm();
                let panicked = panics(|| {
                    let map = map.pin();
                    match which {
                        0 => _ = map.compute(key, |_| Operation::Abort(made.clone())),
                        1 if there == 0 => _ = map.update(key, |_| unreachable!("it is not there")),
                        2 if there == 1 => _ = map.try_insert(key, made),
                        3 if there == 1 => _ = map.get_or_insert(key, made),
                        4 if there == 1 => {
                            _ = map.get_or_insert_with(key, || unreachable!("it is there"))
                        }
                        _ => drop(key),
                    }
                });
                assert!(panicked, "{which}");
                assert_eq!(tally.alive(), there, "{which}");
            }
            _ = map.pin().try_insert(fuse.clone(), tally.item(0));
        }
    }};
}
