# Runs tests of Perl's own suite. A line for each to standard output: ok, skip or fail, and its name.
use strict;
use warnings;
for my $test (@ARGV) {
    my ($folder, $file) = $test =~ m{^(/opt/perl/t|.*?)/((?:t/)?[^/]+/[^/]+\.t)$} or die "no test $test\n";
    ($folder, $file) = ("/opt/perl/t", $1) if $test =~ m{^/opt/perl/t/(.*)};
    my $output = `cd $folder && timeout -k 5 120 $^X -It $file 2>&1 < /dev/null`;
    my $status = $?;
    my ($planned) = $output =~ /^1\.\.(\d+)/m;
    my $seen = 0;
    while ($output =~ /^(not )?ok\b ?(\d*)(?: - )?(.*)/mg) {
        my ($not, $number, $rest) = ($1, $2, $3);
        $seen++;
        my $word = $rest =~ /#\s*(?:skip|todo)/i ? 'skip' : $not ? 'fail' : 'ok';
        print "$word $test:", $number || $seen, "\n";
    }
    if ($seen == 0) { print $output =~ /^1\.\.0/m ? 'skip' : 'fail', " $test\n" }
    elsif ($status != 0 || ($planned // $seen) != $seen) { print "fail $test: ended with $status\n" }
    print STDERR "$test\n", substr($output, -1500), "\n" if $output =~ /^not ok/m || $seen == 0;
}
