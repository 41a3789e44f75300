"""Pure search logic: whom to mutate, what is new, and what counts as better. No I/O, no clock, no hidden state."""
