# Everything a developer or CI runs. `make help` lists the targets.

SWIFT ?= swift
PEERS := $(addprefix .peers/,$(addsuffix /complete,iso15118 pyslac scapy))
SOURCES := Package.swift Sources Tests $(wildcard Benchmarks Boards Fuzz)

.DEFAULT_GOAL := help
.PHONY: help demo build test unit interop kernel-test peers packages bench embedded sizes fuzz package package-check spi-soak format lint clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

demo: ## charge a simulated vehicle in real time, without root and hardware
	@.ci/packages build
	$(SWIFT) build -c release --product coupler
	"$$($(SWIFT) build -c release --show-bin-path)"/coupler demo

build: ## build everything, debug
	@.ci/packages build
	$(SWIFT) build

test: lint packages peers ## the whole suite; the part with foreign peers needs root
	Embedded/embedded.py --limits
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build --skip InteropTests
	$(SWIFT) test --skip-build --filter InteropTests
	$(MAKE) kernel-test

unit: ## the suite without foreign peers
	@.ci/packages build
	$(SWIFT) test --skip InteropTests --skip EXIficientTests

interop: packages peers ## foreign peers alone (root): pyslac, iso15118, EXIficient, tshark; SCENARIO=NAME for one
	$(SWIFT) build --product coupler
	$(SWIFT) build --product couplerd
	python3 Tests/Interop/interop.py $(SCENARIO)

kernel-test: ## the drivers, boards and sessions inside a Linux kernel that is built once; SCENARIO=NAME for one
	@.ci/packages build
	@.ci/packages kernel || true
	$(SWIFT) build --product coupler
	$(SWIFT) build --product couplerd
	$(SWIFT) build --product kernel-probe
	Tests/Kernel/gpiod2.sh build --product kernel-probe || [ $$? -eq 77 ]
	$(SWIFT) build --build-tests
	Tests/Kernel/gpiod2.sh tests || [ $$? -eq 77 ]
	Tests/Kernel/kernel.py $(SCENARIO) || [ $$? -eq 77 ]

peers: $(PEERS) ## install the foreign peers into .peers

.peers/%/complete: Tests/Interop/requirements-%.txt
	@.ci/packages test
	rm -rf $(@D)
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

packages: ## install the Debian packages that build and tests need
	@.ci/packages build
	@.ci/packages test

bench: ## measure it all, release build; JSON=FILE writes the figures there too
	@.ci/packages build
	@Benchmarks/run.sh $(if $(JSON),--json "$(JSON)")

embedded: ## compile the codec for bare-metal boards; print sizes, hold the limits
	Embedded/embedded.py

sizes: ## what the codec adds to a program on this machine
	Embedded/hosted.py --sections

fuzz: ## fuzz decoders, site file, control socket, controllers' links: TIME=60 seconds each, TARGETS="iso2-document ...", JOBS=2
	Fuzz/fuzz.py $(if $(TIME),--time $(TIME)) $(if $(JOBS),--jobs $(JOBS)) $(TARGETS)

package: ## build the Debian package, .build/package/coupler_*.deb
	@.ci/packages build
	@.ci/packages package
	SWIFT=$(SWIFT) packaging/build.sh

package-check: package ## install, update, remove and purge it in a throw-away root; lintian; systemd-analyze (root)
	packaging/check.sh "$$(ls -t .build/package/*.deb | head -1)"

spi-soak: ## a million frames over a simulated SPI bus with faults: FRAMES=n, SEED=n
	@.ci/packages build
	COUPLER_SPI_FRAMES=$(or $(FRAMES),1000000) $(if $(SEED),COUPLER_SEED=$(SEED)) $(SWIFT) test --filter QCA7000SPITests.SoakTests

format: ## format all Swift sources in place
	$(SWIFT) format format --in-place --parallel --recursive $(SOURCES)

lint: ## check format and style; warnings are errors
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)

clean: ## remove build products and peers
	rm -rf .build .peers
