#!/usr/bin/perl
use strict;
use warnings;
my %info = map { /^(.{14}): (.*)$/ ? (do { (my $n = $1) =~ s/ +$//; $n }, $2) : () }
    `cxitool '$ENV{CLERK}' Group=FIELD Name=two KeyInfo`;
die join ',', %info unless $info{Algo} eq 'RSA' && $info{Size} == 2048;
