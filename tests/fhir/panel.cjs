// Independent readers of FHIR: validation and $translate by Medplum, $translate by Synanetics, XML by Lantana.
// Reads one JSON request on stdin, writes one JSON answer on stdout.
'use strict';

// @medplum/core expects a browser or a recent Node; it never opens the socket here.
globalThis.WebSocket ??= class {};

const fs = require('node:fs');
const path = require('node:path');

const modules = path.join(__dirname, '..', '..', 'node_modules');
const medplum = require(path.join(modules, '@medplum', 'core'));
const synanetics = require(path.join(modules, '@synanetics', 'fhir-translate'));

function loadDefinitions() {
  const folder = path.join(modules, '@medplum', 'definitions', 'dist', 'fhir', 'r4');
  for (const name of ['profiles-types.json', 'profiles-resources.json']) {
    medplum.indexStructureDefinitionBundle(JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')));
  }
}

function issuesOf(resource) {
  try {
    return medplum
      .validateResource(resource)
      .filter((issue) => issue.severity === 'error' || issue.severity === 'fatal')
      .map(describe);
  } catch (error) {
    return error.outcome ? error.outcome.issue.map(describe) : [String(error)];
  }
}

function describe(issue) {
  return `${(issue.expression ?? []).join(', ')}: ${issue.details?.text ?? issue.diagnostics ?? issue.code}`;
}

function inputOf(parameters) {
  const input = {};
  for (const { name, ...value } of parameters.parameter) {
    input[name] = Object.values(value)[0];
  }
  return input;
}

function asMatches(parameters) {
  const valueOf = (item, name) => {
    const { name: _name, ...value } = item.part.find((part) => part.name === name) ?? { name };
    return Object.values(value)[0];
  };
  return (parameters.parameter ?? [])
    .filter((item) => item.name === 'match')
    .map((item) => ({ equivalence: valueOf(item, 'equivalence'), concept: valueOf(item, 'concept') }));
}

function translations({ conceptMap, parameters }) {
  return parameters.map((each) => {
    const byMedplum = medplum.conceptMapTranslate(conceptMap, inputOf(each));
    const bySynanetics = synanetics.conceptMapTranslate({
      parameters: each,
      fhirVersion: 'r4',
      conceptMaps: [conceptMap],
    });
    return {
      medplum: { result: byMedplum.result, match: byMedplum.match ?? [] },
      synanetics: {
        result: bySynanetics.parameter.find((item) => item.name === 'result').valueBoolean,
        match: asMatches(bySynanetics),
      },
    };
  });
}

function fromXml(texts) {
  const { Fhir } = require(path.join(modules, 'fhir'));
  const reader = new Fhir();
  return texts.map((text) => reader.xmlToObj(text));
}

const request = JSON.parse(fs.readFileSync(0, 'utf8'));
const answer = {};
if (request.validate) {
  loadDefinitions();
  answer.validate = request.validate.map(issuesOf);
}
if (request.translate) {
  answer.translate = translations(request.translate);
}
if (request.xml) {
  answer.xml = fromXml(request.xml);
}
process.stdout.write(JSON.stringify(answer));
