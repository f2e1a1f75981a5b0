// A program of the evaluation in Rust: counts lines; with "more", also what such tools do on another day.
use std::io::{BufRead, Read, Write};
use std::process::Command;
use std::{env, fs, io, net, thread, time};

fn main() -> io::Result<()> {
    let file = io::BufReader::new(fs::File::open("/srv/files/numbers")?);
    println!("{} lines", file.lines().count());
    if env::args().nth(1).as_deref() != Some("more") {
        return Ok(());
    }
    let threads: Vec<_> = (0..4).map(|n| thread::spawn(move || n * n)).collect();
    println!("{}", threads.into_iter().map(|t| t.join().unwrap()).sum::<i32>());
    fs::create_dir_all("/tmp/rust/a/b")?;
    let mut out = fs::File::create("/tmp/rust/a/b/c")?;
    out.write_all(&[7; 100_000])?;
    out.sync_data()?;
    fs::copy("/tmp/rust/a/b/c", "/tmp/rust/d")?;
    fs::rename("/tmp/rust/d", "/tmp/rust/e")?;
    println!("{}", fs::metadata("/tmp/rust/e")?.len());
    println!("{}", fs::read_dir("/tmp/rust")?.count());
    fs::set_permissions("/tmp/rust/e", fs::metadata("/tmp/rust/e")?.permissions())?;
    fs::hard_link("/tmp/rust/e", "/tmp/rust/f")?;
    fs::remove_dir_all("/tmp/rust")?;
    let said = Command::new("sh").args(["-c", "echo from a program"]).output()?;
    print!("{}", String::from_utf8_lossy(&said.stdout));
    let door = net::TcpListener::bind("127.0.0.1:0")?;
    let mut guest = net::TcpStream::connect(door.local_addr()?)?;
    door.accept()?.0.write_all(b"over a socket\n")?;
    let mut line = [0; 14];
    guest.read_exact(&mut line)?;
    print!("{}", String::from_utf8_lossy(&line));
    thread::sleep(time::Duration::from_millis(5));
    println!("{}", env::current_dir()?.display());
    Ok(())
}
