"""The trusted program inside the judge container: draws inputs, holds the clock and the expected outputs, decides."""
