-- Roles for a store of external keys: cs2sim_owner (has the tables: changes them, cuts the audit, vacuums),
-- cs2sim_user (what simulators' hosts need), cs2sim_reader (reports). They do not log on; `grant cs2sim_user to NAME` gives one to a login. Run by one who may
-- make roles, behind postgresql.sql. Statements are apart by empty lines.

do $$ begin
    if not exists (select from pg_roles where rolname = 'cs2sim_owner') then create role cs2sim_owner nologin; end if;
    if not exists (select from pg_roles where rolname = 'cs2sim_user') then create role cs2sim_user nologin; end if;
    if not exists (select from pg_roles where rolname = 'cs2sim_reader') then create role cs2sim_reader nologin; end if;
end $$;

grant all on cs2sim_store, cs2sim_group, cs2sim_key, cs2sim_audit to cs2sim_owner;

grant select on cs2sim_store to cs2sim_user;

grant select, insert, update on cs2sim_group to cs2sim_user;

grant select, insert, update, delete on cs2sim_key to cs2sim_user;

-- An audit row is written once.
grant select, insert on cs2sim_audit to cs2sim_user;

grant select on cs2sim_store, cs2sim_group, cs2sim_key, cs2sim_audit to cs2sim_reader;

-- Whoever gives tables to a role has to be one of its members. From PostgreSQL 16 on a role is granted by those alone who
-- administer it: where others made it, one who is a member already goes on, and who is none is told by `alter table`.
do $$ declare one text; begin
    if not (select rolsuper from pg_roles where rolname = current_user) then
        begin
            execute format('grant cs2sim_owner to %I', current_user);
        exception when insufficient_privilege then null;
        end;
    end if;
    execute format('grant usage, create on schema %I to cs2sim_owner', current_schema());
    foreach one in array array['cs2sim_store', 'cs2sim_group', 'cs2sim_key', 'cs2sim_audit'] loop
        execute format('alter table %I owner to cs2sim_owner', one);
    end loop;
end $$;
