-- Brings a database of version 0.1.0 to the schema that 0000 to 0007 make, in one transaction. Every change to
-- one of those files since then is here too; migrate.integration.test.ts compares the two catalogues.

-- Drizzle's own migrator kept its record here; from now on tillstream.migrations does.
drop table tillstream.__drizzle_migrations;
