# A light day of Perl: an echo over TCP between two processes, a command, a file.
use strict;
use warnings;
use IO::Socket::INET;
my $server = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die "no server: $!";
my $child = fork // die "no fork: $!";
if ($child == 0) {
    print { $server->accept } "answer\n";
    exit 0;
}
my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->sockport) or die "no client: $!";
print scalar <$client>;
waitpid $child, 0;
print `echo child`;
open my $file, '>', '/tmp/file' or die "no file: $!";
print $file "text";
