// Prints how the Kubernetes API writes kinds as protobuf: of every message its fields, with number, JSON name and type.
// Run by update.ts in the folder of a Go module that requires k8s.io/client-go: go run fields.go APIVERSION/KIND...
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"reflect"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// field of a message. Type is a scalar, the name of a message, or that of a Go type that writes its JSON itself.
type field struct {
	Number int `json:"number"`
	// Empty where the fields of the message stand in the JSON object of the parent.
	Name     string `json:"name"`
	Type     string `json:"type"`
	Repeated bool   `json:"repeated,omitempty"`
	// A map from string to Type.
	Map bool `json:"map,omitempty"`
	// Protobuf holds the zero value where JSON leaves the field out.
	OmitZero bool `json:"omitZero,omitempty"`
}

type message struct {
	Fields []field `json:"fields"`
}

type table struct {
	// Name of the message of APIVERSION/KIND.
	Kinds    map[string]string  `json:"kinds"`
	Messages map[string]message `json:"messages"`
}

var (
	out       = table{Kinds: map[string]string{}, Messages: map[string]message{}}
	marshaler = reflect.TypeFor[json.Marshaler]()
)

func main() {
	for _, kind := range os.Args[1:] {
		apiVersion, name := path.Split(kind)
		gv, err := schema.ParseGroupVersion(strings.TrimSuffix(apiVersion, "/"))
		if err != nil {
			fail(err)
		}
		if t, known := scheme.Scheme.AllKnownTypes()[gv.WithKind(name)]; known {
			out.Kinds[kind] = take(t)
		}
	}
	out.Kinds["v1/Status"] = take(reflect.TypeFor[metav1.Status]())
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		fail(err)
	}
}

// take takes in a struct and all that it holds, and gives its name.
func take(t reflect.Type) string {
	name := nameOf(t)
	if _, known := out.Messages[name]; known {
		return name
	}
	out.Messages[name] = message{} // a message may hold itself
	fields := []field{}
	for i := range t.NumField() {
		tag := t.Field(i).Tag.Get("protobuf")
		if tag == "" {
			continue
		}
		fields = append(fields, fieldOf(t.Field(i), tag))
	}
	out.Messages[name] = message{fields}
	return name
}

func fieldOf(f reflect.StructField, tag string) field {
	number, err := strconv.Atoi(strings.Split(tag, ",")[1])
	if err != nil {
		fail(fmt.Errorf("%s: %w", f.Name, err))
	}
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	t := f.Type
	isPointer := t.Kind() == reflect.Pointer
	if isPointer {
		t = t.Elem()
	}
	result := field{Number: number, Name: name}
	switch {
	case writesItself(t):
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		result.Repeated = true
		t = t.Elem()
	case t.Kind() == reflect.Map:
		result.Map = true
		t = t.Elem()
	}
	result.Type = typeOf(t)
	single := !isPointer && !result.Repeated && !result.Map
	_, isMessage := out.Messages[result.Type]
	result.OmitZero = single && !isMessage && strings.Contains(options, "omitempty")
	return result
}

func typeOf(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if writesItself(t) {
		return nameOf(t)
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int32:
		return "int32"
	case reflect.Int64:
		return "int64"
	case reflect.Struct:
		return take(t)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
	}
	return nameOf(t)
}

func writesItself(t reflect.Type) bool {
	return t.Implements(marshaler) || reflect.PointerTo(t).Implements(marshaler)
}

// nameOf gives core.v1.PodSpec for the type PodSpec of k8s.io/api/core/v1.
func nameOf(t reflect.Type) string {
	folder, version := path.Split(t.PkgPath())
	return path.Base(folder) + "." + version + "." + t.Name()
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
