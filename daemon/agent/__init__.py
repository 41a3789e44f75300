"""Generation 0 of the genome: a stdlib-only program that runs inside a runner container. Nothing here is imported."""
