#!/usr/bin/perl
# The columns of MBKListKeys by unpack.
use strict;
use warnings;
my @rows = grep { /^\d/ } `csadm MBKListKeys`;
@rows == 1 or die "rows: @rows";
my ($slot, $name, $length, $algo, $type, $k, $date) = unpack 'A5 A9 A4 A5 A7 A3 A19', $rows[0];
die "@rows" unless "$slot|$length|$algo|$type" eq '3|32|AES|SHARE' && $date =~ m{^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d$};
