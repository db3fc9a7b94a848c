//! What all ordered maps must stand, answers and races excepted: in one program, because each would make its code anew.

mod drops;
mod guards;
