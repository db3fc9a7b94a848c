//! `PrefixMap` (feature `ipnet`): in one program, because each would make its code anew.

mod answers;
mod histories;
mod panics;
mod walks;
