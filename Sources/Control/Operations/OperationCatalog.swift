/// All operations: a new one is a line here, and a type in a file next to this one.
package enum OperationCatalog {
    package static let all: [any ControlOperation.Type] = [
        StatusOperation.self, StatusTableOperation.self, JobOperation.self, NextOperation.self, WhyOperation.self,
        RunsOperation.self, RunOperation.self, LogOperation.self, LogTextOperation.self, RunLogOperation.self, EventsOperation.self,
        EventStreamOperation.self,
        StartOperation.self, StopOperation.self, RestartOperation.self, PauseOperation.self, ResumeOperation.self, ReloadOperation.self,
        ReloadServiceOperation.self, UpgradeOperation.self,
        RestoreOperation.self, RestoreProgressOperation.self, RestorePreviewOperation.self, BackupNotesOperation.self,
        BackupsOperation.self, VerifyOperation.self, DownloadOperation.self, UnpackOperation.self,
        ConfigurationOperation.self, ConfigurationCheckOperation.self, DoctorOperation.self,
        ActionsOperation.self, ActionOperation.self, RunActionOperation.self,
    ]
}
