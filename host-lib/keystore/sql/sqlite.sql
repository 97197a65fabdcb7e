-- Tables of a store of external keys, version 1, for SQLite 3.37 or newer. Statements are apart by empty lines.

create table if not exists cs2sim_store (
    version integer not null,
    created text not null default (strftime('%Y-%m-%d %H:%M:%f', 'now')),
    mbk blob
) strict;

create table if not exists cs2sim_group (
    grp text primary key not null,
    next_spec integer not null
) strict;

create table if not exists cs2sim_key (
    grp text not null,
    name text not null,
    spec integer not null,
    ver integer not null,
    mbk blob not null check (length(mbk) = 16),
    class integer not null,
    key_type integer not null,
    label blob not null,
    id blob not null,
    private integer not null check (private in (0, 1)),
    blob blob not null,
    op blob not null unique check (length(op) = 16),
    created text not null,
    changed text not null,
    host text not null,
    primary key (grp, name, spec)
) strict;

create index if not exists cs2sim_key_label on cs2sim_key (grp, label, name, spec);

create index if not exists cs2sim_key_id on cs2sim_key (grp, id, name, spec);

create index if not exists cs2sim_key_mbk on cs2sim_key (mbk);

create table if not exists cs2sim_audit (
    at text not null,
    host text not null,
    op blob not null,
    act text not null,
    grp text not null,
    name text not null,
    spec integer not null,
    ver integer not null
) strict;

create index if not exists cs2sim_audit_at on cs2sim_audit (at);

insert into cs2sim_store (version) select 1 where not exists (select 1 from cs2sim_store);
