<?php
switch ($_SERVER['QUERY_STRING'] ?? '') {
  case 'session': session_save_path('/tmp'); session_start(); $_SESSION['n'] = 1; echo 'session'; break;
  case 'write': file_put_contents('/tmp/x', str_repeat('x', 100000), LOCK_EX); rename('/tmp/x', '/tmp/y'); echo filesize('/tmp/y'); unlink('/tmp/y'); break;
  case 'shell': echo shell_exec('echo from a shell'); break;
  case 'list': echo count(scandir('/etc')) > 10 ? 'many' : 'few'; break;
  case 'fetch': echo @file_get_contents('http://127.0.0.1:9/') === false ? 'refused' : 'answered'; break;
  case 'broken': nothing();
  default: echo 'a page';
}
