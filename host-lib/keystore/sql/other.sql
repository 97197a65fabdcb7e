-- Tables of a store of external keys, version 1, for a DBMS that is neither PostgreSQL nor SQLite, behind ODBC (`cs2sim
-- keystore init "odbc:..."` runs this). Bytes, groups and names are hexadecimal texts; @long_text@ is the driver's type for
-- texts of a megabyte, @now@ the time. Statements are apart by empty lines. An empty text must not be null.

create table cs2sim_store (
    version int not null,
    created varchar(23) not null,
    mbk varchar(32)
)

create table cs2sim_group (
    grp varchar(510) not null primary key,
    next_spec bigint not null
)

create table cs2sim_key (
    grp varchar(510) not null,
    name varchar(510) not null,
    spec bigint not null,
    ver bigint not null,
    mbk varchar(32) not null,
    class bigint not null,
    key_type bigint not null,
    label varchar(4096) not null,
    id varchar(4096) not null,
    private int not null,
    sealed @long_text@ not null,
    op varchar(32) not null unique,
    created varchar(23) not null,
    changed varchar(23) not null,
    host varchar(510) not null,
    primary key (grp, name, spec)
)

create index cs2sim_key_mbk on cs2sim_key (mbk)

create table cs2sim_audit (
    at varchar(23) not null,
    host varchar(510) not null,
    op varchar(32) not null,
    act varchar(32) not null,
    grp varchar(510) not null,
    name varchar(510) not null,
    spec bigint not null,
    ver bigint not null
)

create index cs2sim_audit_op on cs2sim_audit (op)

insert into cs2sim_store (version, created) values (1, '@now@')
