/// The migrations in their order, each a file of this folder, compiled in.
