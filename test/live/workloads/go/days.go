// A Go service's days: light makes one TCP connection, every other word is what another day adds.
package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func tcp(network, address string) error {
	listener, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	go func() {
		client, err := net.Dial(network, listener.Addr().String())
		if err == nil {
			client.Close()
		}
	}()
	connection, err := listener.Accept()
	if err == nil {
		connection.Close()
	}
	return err
}

func udp(address string) error {
	packets, err := net.ListenPacket("udp", address)
	if err != nil {
		return err
	}
	client, err := net.Dial("udp", packets.LocalAddr().String())
	if err != nil {
		return err
	}
	fmt.Fprint(client, "x")
	packets.SetReadDeadline(time.Now().Add(2 * time.Second))
	_, _, err = packets.ReadFrom(make([]byte, 9))
	return err
}

func day(what string) error {
	switch what {
	case "light":
		return tcp("tcp4", "127.0.0.1:0")
	case "tcp6":
		return tcp("tcp6", "[::1]:0")
	case "udp":
		return udp("127.0.0.1:0")
	case "unix":
		return tcp("unix", "/tmp/socket")
	case "interfaces":
		all, err := net.Interfaces()
		if err == nil && len(all) > 0 {
			_, err = all[0].Addrs()
		}
		return err
	case "multicast":
		_, err := net.ListenMulticastUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: 5353})
		return err
	case "raw":
		_, err := net.ListenPacket("ip4:icmp", "127.0.0.1")
		return err
	case "signal":
		heard := make(chan os.Signal, 1)
		signal.Notify(heard, syscall.SIGUSR1)
		syscall.Kill(os.Getpid(), syscall.SIGUSR1)
		<-heard
		return nil
	case "file":
		file, err := os.CreateTemp("", "x")
		if err == nil {
			err = file.Sync()
		}
		return err
	case "resolve":
		_, err := net.LookupHost("localhost")
		return err
	}
	return fmt.Errorf("no such day")
}

func main() {
	for _, what := range os.Args[1:] {
		if err := day(what); err != nil {
			fmt.Println(what, err)
		} else {
			fmt.Println(what, "fine")
		}
	}
}
