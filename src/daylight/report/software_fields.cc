#include "daylight/report/software_fields.h"

namespace dl::report {

namespace {

// Texts of facts are a stranger's and meant for showing and comparing; what is longer is cut where it is written.
constexpr std::uint32_t kMaxFactText = 16 * 1024;
constexpr std::uint32_t kMaxFactPath = 64 * 1024;
constexpr std::uint32_t kMaxFactTexts = 10'000;

template <typename Io>
Status Texts(Io& io, Of<Io, std::vector<std::string>>& texts) {
  return io.List(texts, kMaxFactTexts,
                 [](auto& inner, auto& text) -> Status { return inner.Text(text, kMaxFactText); });
}

template <typename Io>
Status Visit(Io& io, Of<Io, FactPlace>& place) {
  DL_TRY_STATUS(io.Number(place.root));
  DL_TRY_STATUS(io.Text(place.path, kMaxFactPath));
  return io.Enum(place.presence, Presence::kDeleted);
}

template <typename Io>
Status Visit(Io& io, Of<Io, RootFact>& root) {
  DL_TRY_STATUS(io.Number(root.id));
  DL_TRY_STATUS(io.Number(root.parent));
  DL_TRY_STATUS(io.Enum(root.kind, RootKind::kSbom));
  DL_TRY_STATUS(io.Text(root.path, kMaxFactPath));
  DL_TRY_STATUS(io.Text(root.name, kMaxFactText));
  DL_TRY_STATUS(io.Text(root.digest, kMaxFactText));
  return io.Enum(root.presence, Presence::kDeleted);
}

template <typename Io>
Status Visit(Io& io, Of<Io, FileFact>& file) {
  DL_TRY_STATUS(Visit(io, file.place));
  DL_TRY_STATUS(io.Enum(file.kind, FileKind::kOther));
  DL_TRY_STATUS(io.Number(file.size));
  DL_TRY_STATUS(io.Text(file.target, kMaxFactPath));
  return io.Text(file.layer, kMaxFactText);
}

template <typename Io>
Status Visit(Io& io, Of<Io, Signer>& signer) {
  for (auto* text : {&signer.common_name, &signer.organization, &signer.subject, &signer.thumbprint, &signer.issuer}) {
    DL_TRY_STATUS(io.Text(*text, kMaxFactText));
  }
  return io.Flag(signer.verified);
}

template <typename Io>
Status Visit(Io& io, Of<Io, ProgramFact>& program) {
  DL_TRY_STATUS(Visit(io, program.place));
  DL_TRY_STATUS(io.Enum(program.kind, ProgramKind::kMachO));
  DL_TRY_STATUS(io.Number(program.size));
  DL_TRY_STATUS(io.Digest(program.sha256));
  DL_TRY_STATUS(io.List(program.signers, 64, [](auto& inner, auto& signer) -> Status { return Visit(inner, signer); }));
  for (auto* text : {&program.company, &program.product, &program.description, &program.version, &program.original_name,
                     &program.copyright}) {
    DL_TRY_STATUS(io.Text(*text, kMaxFactText));
  }
  return {};
}

template <typename Io>
Status Visit(Io& io, Of<Io, PackageFact>& package) {
  DL_TRY_STATUS(Visit(io, package.place));
  DL_TRY_STATUS(io.Enum(package.system, PackageSystem::kSnap));
  DL_TRY_STATUS(io.Enum(package.state, PackageState::kNotInstalled));
  for (auto* text : {&package.name, &package.version, &package.architecture, &package.source, &package.maintainer,
                     &package.vendor, &package.homepage, &package.licence, &package.summary, &package.distribution}) {
    DL_TRY_STATUS(io.Text(*text, kMaxFactText));
  }
  return io.Number(package.installed_at);
}

template <typename Io>
Status Visit(Io& io, Of<Io, UnitFact>& unit) {
  DL_TRY_STATUS(Visit(io, unit.place));
  DL_TRY_STATUS(io.Text(unit.name, kMaxFactText));
  DL_TRY_STATUS(io.Text(unit.description, kMaxFactText));
  return Texts(io, unit.programs);
}

template <typename Io>
Status Visit(Io& io, Of<Io, OperatingSystemFact>& system) {
  DL_TRY_STATUS(Visit(io, system.place));
  for (auto* text : {&system.id, &system.version_id, &system.name, &system.cpe}) {
    DL_TRY_STATUS(io.Text(*text, kMaxFactText));
  }
  return {};
}

template <typename Io>
Status Visit(Io& io, Of<Io, ImageFact>& image) {
  DL_TRY_STATUS(Visit(io, image.place));
  for (auto* texts : {&image.names, &image.labels, &image.environment, &image.command, &image.volumes}) {
    DL_TRY_STATUS(Texts(io, *texts));
  }
  for (auto* text : {&image.digest, &image.operating_system, &image.architecture}) {
    DL_TRY_STATUS(io.Text(*text, kMaxFactText));
  }
  return io.Number(image.layers);
}

template <typename Io>
Status Visit(Io& io, Of<Io, ComponentFact>& component) {
  DL_TRY_STATUS(Visit(io, component.place));
  for (auto* text :
       {&component.reference, &component.type, &component.within, &component.name, &component.version, &component.group,
        &component.supplier, &component.publisher, &component.manufacturer, &component.author, &component.purl,
        &component.licence, &component.description, &component.copyright}) {
    DL_TRY_STATUS(io.Text(*text, kMaxFactText));
  }
  DL_TRY_STATUS(Texts(io, component.cpes));
  return io.Flag(component.is_subject);
}

template <typename Io>
Status Visit(Io& io, Of<Io, MentionFact>& mention) {
  DL_TRY_STATUS(Visit(io, mention.place));
  DL_TRY_STATUS(io.Text(mention.word, kMaxFactText));
  DL_TRY_STATUS(io.Number(mention.line));
  return io.Text(mention.text, kMaxFactText);
}

template <typename Io>
Status Visit(Io& io, Of<Io, UnreadFact>& unread) {
  DL_TRY_STATUS(Visit(io, unread.place));
  DL_TRY_STATUS(io.Text(unread.reason, kMaxFactText));
  return io.Text(unread.detail, kMaxFactText);
}

// Processes and modules are not among them: a worker sees none.
template <typename Io>
Status Visit(Io& io, Of<Io, SoftwareFacts>& facts) {
  const auto list = [&io](auto& items) {
    return io.List(items, kMaxFactsPerMessage, [](auto& inner, auto& item) -> Status { return Visit(inner, item); });
  };
  DL_TRY_STATUS(list(facts.roots));
  DL_TRY_STATUS(list(facts.files));
  DL_TRY_STATUS(list(facts.programs));
  DL_TRY_STATUS(list(facts.packages));
  DL_TRY_STATUS(list(facts.units));
  DL_TRY_STATUS(list(facts.operating_systems));
  DL_TRY_STATUS(list(facts.images));
  DL_TRY_STATUS(list(facts.components));
  DL_TRY_STATUS(list(facts.mentions));
  return list(facts.unread);
}

template <typename Io>
Status Visit(Io& io, Of<Io, SurveyFile>& file) {
  DL_TRY_STATUS(io.Text(file.name, kMaxFactPath));
  return io.Number(file.size);
}

template <typename Io>
Status Visit(Io& io, Of<Io, Setting>& setting) {
  DL_TRY_STATUS(io.Text(setting.section, kMaxFactText));
  DL_TRY_STATUS(io.Text(setting.key, kMaxFactText));
  DL_TRY_STATUS(io.Text(setting.value, kMaxFactPath));
  return io.Number(setting.line);
}

template <typename Io>
Status Visit(Io& io, Of<Io, SettingsFacts::Problem>& problem) {
  DL_TRY_STATUS(io.Number(problem.line));
  return io.Text(problem.what, kMaxFactText);
}

template <typename Io, typename T>
Status List(Io& io, T& items, std::uint32_t limit) {
  return io.List(items, limit, [](auto& inner, auto& item) -> Status { return Visit(inner, item); });
}

template <typename Io>
Status VisitSurvey(Io& io, Of<Io, SurveyMessage>& survey) {
  DL_TRY_STATUS(io.Enum(survey.kind, SurveyKind::kSettings));
  DL_TRY_STATUS(List(io, survey.files, kMaxBatchObjects));
  DL_TRY_STATUS(Texts(io, survey.words));
  DL_TRY_STATUS(io.Flag(survey.open_archives));
  DL_TRY_STATUS(io.Number(survey.max_bytes));
  return io.Number(survey.max_depth);
}

template <typename Io>
Status VisitSettings(Io& io, Of<Io, SettingsFacts>& facts) {
  DL_TRY_STATUS(io.Enum(facts.format, SettingsFormat::kList));
  DL_TRY_STATUS(List(io, facts.settings, kMaxSettings));
  DL_TRY_STATUS(List(io, facts.problems, kMaxSettings));
  return io.Flag(facts.cut);
}

}  // namespace

Status Fields(FieldWriter& io, const SurveyMessage& value) { return VisitSurvey(io, value); }
Status Fields(FieldReader& io, SurveyMessage& value) { return VisitSurvey(io, value); }
Status Fields(FieldWriter& io, const SurveyFactsMessage& value) {
  DL_TRY_STATUS(Visit(io, value.facts));
  return io.Flag(value.last);
}
Status Fields(FieldReader& io, SurveyFactsMessage& value) {
  DL_TRY_STATUS(Visit(io, value.facts));
  return io.Flag(value.last);
}
Status Fields(FieldWriter& io, const SettingsFactsMessage& value) { return VisitSettings(io, value.facts); }
Status Fields(FieldReader& io, SettingsFactsMessage& value) { return VisitSettings(io, value.facts); }

}  // namespace dl::report
