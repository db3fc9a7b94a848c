//! A program that was written for papaya runs with this crate after a change of one `use`, and sees the same.

mod theirs {
    use papaya as maps;

    include!("papaya_port/program.rs");
}

mod ours {
    use structures as maps;

    include!("papaya_port/program.rs");
}

#[test]
fn a_program_sees_the_same_with_either() {
    let (theirs, ours) = (theirs::run(), ours::run());
    assert_eq!(theirs, ours);
}
