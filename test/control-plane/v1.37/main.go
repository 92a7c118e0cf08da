// The control plane of Kubernetes 1.37 for tests, as one binary that acts by the name it is called by:
// kube-apiserver, kube-controller-manager, kubectl or etcd. One binary of four programs links once and is a third of the size.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	_ "time/tzdata" // time zones of CronJobs

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	if os.Getenv("EXIT_WHEN_STDIN_CLOSES") != "" {
		go exitWhenStdinCloses()
	}
	switch name := filepath.Base(os.Args[0]); name {
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllermanager.NewControllerManagerCommand()))
	case "kubectl":
		kubectlutil.CheckErr(cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()))
	case "etcd":
		etcdmain.Main(os.Args)
	default:
		fmt.Fprintf(os.Stderr, "called as %q: expected kube-apiserver, kube-controller-manager, kubectl or etcd\n", name)
		os.Exit(2)
	}
}

// exitWhenStdinCloses ends a server whose starter is gone, however that ended: its end of the pipe closes with it.
func exitWhenStdinCloses() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(1)
}
