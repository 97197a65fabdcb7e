#!/usr/bin/perl
# Boot loader version and model.
use strict;
use warnings;
my $state = `csadm GetState`;
$state =~ /^bl_ver\s+=\s+(\d+)\.(\d+)\.(\d+)\.(\d+)\s+\(Model: ([^)]+)\)$/m or die "no version in\n$state";
die "generation $1" unless $1 == 5;
die "model $5" unless $5 eq 'Se-Series Gen2';
