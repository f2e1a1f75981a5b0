# A web application of the evaluation, in Perl.
use Mojolicious::Lite -signatures;
get '/' => sub ($c) { $c->render(text => 'a page') };
get '/write' => sub ($c) { open my $f, '>', '/tmp/w' or die; print $f 'x' x 100000; close $f; rename '/tmp/w', '/tmp/v'; $c->render(text => -s '/tmp/v'); unlink '/tmp/v' };
get '/program' => sub ($c) { my $text = `echo run by a shell`; $c->render(text => $text) };
get '/fork' => sub ($c) { my $pid = fork // die; exit 0 unless $pid; waitpid $pid, 0; $c->render(text => $?) };
get '/time' => sub ($c) { local $SIG{ALRM} = sub { }; alarm 1; my $slept = select(undef, undef, undef, 0.2); alarm 0; $c->render(text => 'slept') };
get '/lock' => sub ($c) { open my $f, '>>', '/tmp/lock' or die; flock $f, 2; utime 1, 1, '/tmp/lock'; chmod 0600, '/tmp/lock'; $c->render(text => (stat '/tmp/lock')[9]) };
get '/broken' => sub ($c) { die 'broken' };
app->start;
