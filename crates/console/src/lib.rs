//! Pages and charts: the one-file report.
