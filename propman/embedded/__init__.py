"""PostgreSQL and Valkey on this machine, from their wheels: for the demo, the tests and one-box installations."""
