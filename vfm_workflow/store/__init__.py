"""Tables, queries, outbox, audit and migrations. SQL lives here and nowhere else."""
