-- Tables of a store of external keys, version 1, for PostgreSQL 13 or newer (`cs2sim keystore init URL` runs this).
-- Statements are apart by empty lines. Nothing here is secret in clear: a blob is sealed under an MBK, what stands
-- beside it is what the key is found by.

create table if not exists cs2sim_store (
    version int not null,
    created timestamptz not null default clock_timestamp(),
    mbk bytea
);

create table if not exists cs2sim_group (
    grp text collate "C" primary key,
    next_spec bigint not null
);

create table if not exists cs2sim_key (
    grp text collate "C" not null,
    name text collate "C" not null,
    spec bigint not null,
    ver bigint not null,
    mbk bytea not null check (length(mbk) = 16),
    class bigint not null,
    key_type bigint not null,
    label bytea not null,
    id bytea not null,
    private boolean not null,
    blob bytea not null,
    op bytea not null unique check (length(op) = 16),
    created timestamptz not null,
    changed timestamptz not null,
    host text not null,
    primary key (grp, name, spec)
);

-- A sealed blob does not compress.
alter table cs2sim_key alter column blob set storage external;

-- Beginning with (grp, label) and (grp, id), and going on so that a page comes in the order of the primary key.
create index if not exists cs2sim_key_label on cs2sim_key (grp, label, name, spec);

create index if not exists cs2sim_key_id on cs2sim_key (grp, id, name, spec);

create index if not exists cs2sim_key_mbk on cs2sim_key (mbk);

create table if not exists cs2sim_audit (
    at timestamptz not null,
    host text not null,
    op bytea not null,
    act text not null,
    grp text collate "C" not null,
    name text collate "C" not null,
    spec bigint not null,
    ver bigint not null
);

create index if not exists cs2sim_audit_at on cs2sim_audit (at);

insert into cs2sim_store (version) select 1 where not exists (select from cs2sim_store);
