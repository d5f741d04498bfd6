require "capistrano/scm/plugin"

# Tarball deploys an archive that was built elsewhere, where Capistrano would check a
# repository out.
class Tarball < Capistrano::SCM::Plugin
  def register_hooks
    after "deploy:new_release_path", "tarball:create_release"
    before "deploy:set_current_revision", "tarball:set_current_revision"
  end

  def define_tasks
    namespace :tarball do
      desc "Upload the archive and unpack it"
      task :create_release do
        on release_roles(:all) do
          archive = releases_path.join("#{fetch(:release_timestamp)}.tar.gz")
          upload! fetch(:tarball), archive.to_s
          execute :mkdir, "-p", release_path
          execute :tar, "-xzf", archive, "-C", release_path
          execute :rm, archive
        end
      end

      desc "Name the version for Capistrano's log"
      task :set_current_revision do
        set :current_revision, fetch(:version)
      end
    end
  end
end
