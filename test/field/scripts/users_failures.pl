#!/usr/bin/perl
# Failed logons of an administrator: none once they have logged on.
use strict;
use warnings;
system('csadm', "LogonSign=ADMIN,$ENV{ADMIN_KEY}", 'ShowAuthState') == 0 or die 'no logon';
my ($failures) = `csadm ListUsers` =~ /^ADMIN .*Z\[(\d+)\]/m or die 'no Z';
exit $failures;
