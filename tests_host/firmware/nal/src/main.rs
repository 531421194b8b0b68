//! The life of a host that uses esp-at-nal: `nal-life PORT SSID PASSWORD LISTENER TALKER CLOSED`.
//!
//! The last three are addresses: a server that answers a block of BLOCK bytes with its digest, one
//! that sends 3000 bytes when asked and hangs up, a port where nobody listens. Each step prints a
//! line; the first that fails ends the program with an error.
//!
//! Three weak places of the crate are gone around. Nothing is read in parts, and no peer speaks
//! first: it counts wrong when a +IPD comes right behind an OK. A CLOSED there it takes for an echo,
//! so that a peer is gone shows when something is to be sent.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::thread;
use std::time::{Duration, Instant};

use atat::blocking::Client;
use atat::{AtDigester, AtatIngress, Config, Ingress, ResponseSlot, UrcChannel};
use embedded_nal::TcpClientStack;
use esp_at_nal::stack::Socket;
use esp_at_nal::urc::URCMessages;
use esp_at_nal::wifi::{Adapter, WifiAdapter};
use fugit::{TimerDurationU32, TimerInstantU32};

const O_NOCTTY: i32 = 0o400;
const TX: usize = 1024;
const RX: usize = 4096;
const BUFFER: usize = 8192;
const BLOCK: usize = 5000;
const DIGEST: usize = 64;
const MESSAGES: usize = 128;
const LIMIT: Duration = Duration::from_secs(30);

type Urc = URCMessages<RX>;
type Host<'a> = Adapter<'a, Client<'a, Port, BUFFER>, Clock, 1_000, TX, RX, MESSAGES>;
type Done = Result<(), Box<dyn Error>>;

/// The serial port as the crates want it.
struct Port(File);

impl embedded_io::ErrorType for Port {
    type Error = embedded_io::ErrorKind;
}

impl embedded_io::Write for Port {
    fn write(&mut self, data: &[u8]) -> Result<usize, Self::Error> {
        self.0.write(data).map_err(|_| embedded_io::ErrorKind::Other)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// A millisecond timer.
struct Clock {
    born: Instant,
    end: Option<Instant>,
}

impl fugit_timer::Timer<1_000> for Clock {
    type Error = ();

    fn now(&mut self) -> TimerInstantU32<1_000> {
        TimerInstantU32::from_ticks(self.born.elapsed().as_millis() as u32)
    }

    fn start(&mut self, duration: TimerDurationU32<1_000>) -> Result<(), ()> {
        self.end = Some(Instant::now() + Duration::from_millis(duration.to_millis().into()));
        Ok(())
    }

    fn cancel(&mut self) -> Result<(), ()> {
        self.end.take().map(|_| ()).ok_or(())
    }

    fn wait(&mut self) -> nb::Result<(), ()> {
        match self.end {
            Some(end) if Instant::now() >= end => Ok(()),
            _ => Err(nb::Error::WouldBlock),
        }
    }
}

fn main() -> Done {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [port, ssid, password, listener, talker, closed] = words.as_slice() else {
        return Err("usage: nal-life PORT SSID PASSWORD LISTENER TALKER CLOSED".into());
    };
    let port = OpenOptions::new().read(true).write(true).custom_flags(O_NOCTTY).open(port)?;
    // The crates borrow these for as long as the program runs.
    let slot: &'static ResponseSlot<BUFFER> = Box::leak(Box::new(ResponseSlot::new()));
    let channel: &'static UrcChannel<Urc, MESSAGES, 1> = Box::leak(Box::new(UrcChannel::new()));
    listen(port.try_clone()?, slot, channel);
    let client = Client::new(Port(port), slot, vec![0; BUFFER].leak(), Config::default());
    let clock = Clock { born: Instant::now(), end: None };
    let messages = channel.subscribe().map_err(|_| "no subscription left")?;
    let mut host: Host = Adapter::new(client, messages, clock);

    join(&mut host, ssid, password)?;
    exchange(&mut host, listener.parse()?)?;
    refused(&mut host, closed.parse()?)?;
    hear_out(&mut host, talker.parse()?)?;
    restart(&mut host)
}

/// Give what the port says to the digester, for ever.
fn listen(
    mut port: File,
    slot: &'static ResponseSlot<BUFFER>,
    channel: &'static UrcChannel<Urc, MESSAGES, 1>,
) {
    let digester = AtDigester::<Urc>::new();
    let mut ingress = Ingress::new(digester, vec![0; BUFFER].leak(), slot, channel);
    thread::spawn(move || {
        let mut piece = [0; 256];
        while let Ok(size) = port.read(&mut piece) {
            let mut left = &piece[..size];
            while !left.is_empty() {
                // A full channel keeps what it cannot take yet.
                match ingress.try_write(left) {
                    Ok(taken) => left = &left[taken..],
                    Err(problem) => panic!("{problem:?}"),
                }
            }
        }
    });
}

fn join(host: &mut Host, ssid: &str, password: &str) -> Done {
    host.restart().map_err(|e| format!("restart: {e:?}"))?;
    host.join(ssid, password).map_err(|e| format!("join: {e:?}"))?;
    wait(|| Ok(host.get_join_status().ip_assigned))?;
    let address = host.get_address().map_err(|e| format!("address: {e:?}"))?;
    let ip = address.ipv4.ok_or("no address")?;
    println!("joined {ip} {}", address.mac.ok_or("no MAC address")?);
    Ok(())
}

/// Send a block over each of five links, print the digests that come back.
fn exchange(host: &mut Host, listener: SocketAddr) -> Done {
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(open(host, listener)?);
    }
    if host.socket().is_ok() {
        return Err("a sixth socket".into());
    }
    for (number, socket) in sockets.iter_mut().enumerate() {
        let data: Vec<u8> = (0..BLOCK).map(|n| (n * (number + 3)) as u8).collect();
        host.send(socket, &data).map_err(|e| format!("send {number}: {e:?}"))?;
    }
    for socket in &mut sockets {
        println!("sent {}", String::from_utf8(receive(host, socket, DIGEST)?)?);
    }
    for socket in sockets {
        host.close(socket).map_err(|e| format!("close: {e:?}"))?;
    }
    Ok(())
}

fn refused(host: &mut Host, closed: SocketAddr) -> Done {
    match open(host, closed) {
        Ok(_) => Err("somebody listens where nobody should".into()),
        Err(problem) => {
            println!("refused: {problem}");
            Ok(())
        }
    }
}

/// Read what a peer sent that has hung up; the link is left as it is.
fn hear_out(host: &mut Host, talker: SocketAddr) -> Done {
    let mut socket = open(host, talker)?;
    host.send(&mut socket, b"speak").map_err(|e| format!("send: {e:?}"))?;
    let got = receive(host, &mut socket, 3000)?;
    println!("heard {} bytes", got.len());
    match host.send(&mut socket, b"are you there?") {
        Ok(_) => Err("sent to nobody".into()),
        Err(problem) => {
            println!("the peer is gone: {problem:?}");
            Ok(())
        }
    }
}

fn restart(host: &mut Host) -> Done {
    host.set_auto_connect(false).map_err(|e| format!("auto connect: {e:?}"))?;
    host.restart().map_err(|e| format!("restart: {e:?}"))?;
    println!("restarted, joined: {}", host.get_join_status().connected);
    Ok(())
}

fn open(host: &mut Host, peer: SocketAddr) -> Result<Socket, Box<dyn Error>> {
    let mut socket = host.socket().map_err(|e| format!("socket: {e:?}"))?;
    match nb::block!(host.connect(&mut socket, peer)) {
        Ok(()) => Ok(socket),
        Err(problem) => {
            host.close(socket).map_err(|e| format!("close: {e:?}"))?;
            Err(format!("connect: {problem:?}").into())
        }
    }
}

fn receive(host: &mut Host, socket: &mut Socket, size: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut got = Vec::new();
    let mut piece = [0; RX];
    wait(|| {
        match host.receive(socket, &mut piece) {
            Ok(count) => got.extend_from_slice(&piece[..count]),
            Err(nb::Error::WouldBlock) => thread::sleep(Duration::from_millis(1)),
            Err(nb::Error::Other(problem)) => return Err(format!("receive: {problem:?}").into()),
        }
        Ok(got.len() >= size)
    })?;
    Ok(got)
}

/// Ask until it is so.
fn wait(mut is_so: impl FnMut() -> Result<bool, Box<dyn Error>>) -> Done {
    let end = Instant::now() + LIMIT;
    while !is_so()? {
        if Instant::now() > end {
            return Err("it takes too long".into());
        }
    }
    Ok(())
}
