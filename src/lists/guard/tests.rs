//! Every rule at its limit and one past it.
