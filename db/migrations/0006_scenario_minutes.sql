-- How long a scenario is to play; null: as long as it usually takes.
alter table live.scenario_runs add column minutes integer check (minutes between 1 and 1440);
