"""Does a backend keep its promises? The same points for every engine and runtime, asked from inside and outside."""
